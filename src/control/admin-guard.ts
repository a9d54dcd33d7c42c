import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import { includesRole } from '../core/admin-role.ts';
import type { AdminRole } from '../core/admin-role.ts';
import { AdminError } from './admin-answer.ts';

/**
 * Who may ask. The admin API listens on loopback only, yet a page in a browser on this machine reaches loopback
 * too: by a name it owns that now points to 127.0.0.1 (DNS rebinding; the Host header tells), or with a request
 * from its own origin (the Origin header tells). A process of another user has no token.
 */

/** @throws AdminError FOREIGN_HOST, FOREIGN_ORIGIN */
export function refuseForeigners(request: IncomingMessage): void {
  const hosts = request.headersDistinct['host'] ?? [];
  if (hosts.length !== 1 || !isLoopbackHost(hosts[0] as string)) {
    throw new AdminError(403, {
      code: 'FOREIGN_HOST',
      message: 'the Host header does not name this machine',
      hint: 'ask 127.0.0.1, [::1] or localhost',
      exitCode: 5,
    });
  }
  refuseOrigins(request);
}

/** @throws AdminError FOREIGN_ORIGIN */
export function refuseOrigins(request: IncomingMessage): void {
  if (request.headers['origin'] !== undefined) {
    throw new AdminError(403, {
      code: 'FOREIGN_ORIGIN',
      message: 'the admin API is not for web pages',
      hint: 'use cutover status, or curl',
      exitCode: 5,
    });
  }
}

/** The token that a request shows, or null. Two fields are two opinions about who asks, and Node tells of the first alone. */
export function bearerOf(request: IncomingMessage): string | null {
  const [value = '', ...others] = request.headersDistinct['authorization'] ?? [];
  return others.length > 0 ? null : (/^Bearer +([^ ]+) *$/i.exec(value)?.[1] ?? null);
}

/** @param purpose what it is needed for. @throws AdminError NOT_ALLOWED */
export function requireRole(
  { role }: { readonly role: AdminRole },
  needed: AdminRole,
  purpose: string,
): void {
  if (includesRole(role, needed)) return;
  throw new AdminError(403, {
    code: 'NOT_ALLOWED',
    message: `the role ${needed} is needed ${purpose}, and this is ${role}`,
    hint: 'ask somebody who has it: admin.remote.principals says who may what',
    exitCode: 5,
  });
}

/** @throws AdminError NO_TOKEN, WRONG_TOKEN */
export function requireToken(request: IncomingMessage, token: string): void {
  const hint = 'run it as the user that runs the gateway: the token stands in runDir/admin.token';
  const given = bearerOf(request);
  if (given === null) {
    const message = 'this needs the admin token';
    throw new AdminError(401, { code: 'NO_TOKEN', message, hint, exitCode: 5 });
  }
  if (!sameSecret(given, token)) {
    const message = 'the admin token is not the one of this gateway';
    throw new AdminError(401, { code: 'WRONG_TOKEN', message, hint, exitCode: 5 });
  }
}

/** A form of a web page cannot be sent as JSON. @throws AdminError NOT_JSON */
export function requireJson(request: IncomingMessage): void {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0] as string;
  if (type.trim().toLowerCase() === 'application/json') return;
  throw new AdminError(415, {
    code: 'NOT_JSON',
    message: 'a command is sent as JSON',
    hint: 'add the header content-type: application/json',
    exitCode: 2,
  });
}

/** True for 127.0.0.0/8 and ::1, written as an address. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

function isLoopbackHost(host: string): boolean {
  const name = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+?)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
  return name !== undefined && (name === 'localhost' || name === '[::1]' || isLoopbackAddress(name));
}

/** Hashed first: the comparison takes the same time for every length and content. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
