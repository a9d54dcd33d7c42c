import { isIP } from 'node:net';
import { z } from 'zod';
import type { ServerConfig } from '../core/snapshot.ts';
import { UNIX_PEER } from '../core/unix-address.ts';
import { list, matching, say } from './fields.ts';
import { isUnixAddress, parseServer } from './server-text.ts';

const HOST = /^(?!-)[A-Za-z0-9._-]{1,253}$/;

/**
 * A host and a port to listen on; the host is an IP address or a name, IPv6 without its brackets, or a unix socket
 * (`unix:/run/cutover.sock`) with port 0.
 */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:8080`, `localhost:0`, `[::1]:8080` or `unix:/run/cutover.sock`; null when the text is none of them. */
export function parseAddress(text: string): Address | null {
  if (isUnixAddress(text)) return { host: text, port: 0 };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const host = (match[1] ?? match[2] ?? '').toLowerCase();
  const port = Number(match[3]);
  const known = match[1] === undefined ? isHost(host) : isIP(host) === 6;
  return known && port <= 65_535 ? { host, port } : null;
}

/** A name or an IPv4 address; four numbers that are no address are not taken for a name. */
function isHost(host: string): boolean {
  return HOST.test(host) && (isIP(host) === 4 || !/^[\d.]+$/.test(host));
}

/** True for `10.0.0.0/8`, `::1/128` or a single address. */
export function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  const family = isIP(slash === -1 ? text : text.slice(0, slash));
  if (family === 0 || text.includes('%')) return false;
  if (slash === -1) return true;
  const bits = text.slice(slash + 1);
  return /^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Bits of the prefix of a block, 32 or 128 for a single address: the longer, the more specific. */
export function prefixBits(cidr: string): number {
  const [address = '', bits] = cidr.split('/');
  return bits === undefined ? (isIP(address) === 4 ? 32 : 128) : Number(bits);
}

/** True when a host is only reachable from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export const addressField = (description: string, example: string) =>
  z
    .string({ error: say('expected an address', `write host and port: ${example}`) })
    .meta({ description, examples: [example] })
    .transform((text, context): Address => {
      const address = parseAddress(text);
      if (address !== null) return address;
      context.addIssue({
        code: 'custom',
        message: say('expected an address', `write host and port: ${example}`),
      });
      return z.NEVER;
    });

const server = z
  .string({ error: say('expected the URL of a server', 'for example: http://127.0.0.1:8081') })
  .meta({
    description: 'a server: scheme, host and port, a unix socket, or a service of the DNS',
    examples: [
      'http://127.0.0.1:8081',
      'https://shop.internal',
      'unix:/run/app.sock',
      'http+srv://_http._tcp.shop.internal',
    ],
  })
  .transform((text, context): ServerConfig => {
    const read = parseServer(text);
    if ('server' in read) return read.server;
    context.addIssue({ code: 'custom', message: say(read.message, read.hint) });
    return z.NEVER;
  });

export const serversField = (description: string) => list(server, description, 1);

const cidrField = z
  .string({ error: say('expected an address or a block of addresses', 'for example: 10.0.0.0/8') })
  .meta({ description: 'an IP address or a CIDR block', examples: ['10.0.0.0/8', '::1'] })
  .refine(isCidr, { error: say('expected an address or a block of addresses', 'for example: 10.0.0.0/8') });

const TRUST = say('expected an address, a block of addresses, or unix', 'for example: 10.0.0.0/8');

/** Whom to trust: a block, or `unix` for every peer on a unix socket. */
export const trustField = z
  .string({ error: TRUST })
  .meta({
    description: 'an IP address, a CIDR block, or unix for peers on unix sockets',
    examples: ['10.0.0.0/8', UNIX_PEER],
  })
  .refine((text) => text === UNIX_PEER || isCidr(text), { error: TRUST });

/** A block or a list of blocks, as a list. */
export const cidrsField = (description: string) =>
  z
    .union([cidrField, list(cidrField, 'several blocks')])
    .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value))
    .describe(description);

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

/** The name of a header field or of a cookie: a token (RFC 9110, section 5.6.2). */
export const tokenField = (description: string, example: string) =>
  matching(description, TOKEN, 'a header or cookie name', example);

export const hostField = (description: string) =>
  matching(description, HOST, 'a host name without scheme and port', 'shop.example.com');
