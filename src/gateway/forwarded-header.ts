// HOT: called for requests of trusted proxies only; nothing is built unless the field is there.
import type { HeaderFields } from '../core/headers.ts';

/**
 * The `Forwarded` field of RFC 7239, read from trusted proxies that send no `X-Forwarded-For`. Where both stand, the
 * older one decides, as it does for NGINX, and this one is dropped: a proxy that writes the one often passes on
 * whatever its clients wrote into the other.
 */

/** What one proxy says about the request it received; '' for what it does not say. */
export interface ForwardedHop {
  readonly for: string;
  readonly proto: string;
  readonly host: string;
}

/** One parameter (section 4): token, then token or quoted string, and what follows it. */
const PAIR = /[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")[ \t]*([;,]|$)/y;

/**
 * Every hop in order, the client's first; empty when there is no such field; null when any of it breaks the grammar:
 * half of a chain would name the wrong client.
 */
export function forwardedHops(fields: HeaderFields): ForwardedHop[] | null {
  const values = fields.all('forwarded');
  const hops: ForwardedHop[] = [];
  for (const value of values) {
    const read = hopsOf(value);
    if (read === null) return null;
    hops.push(...read);
  }
  return hops;
}

function hopsOf(value: string): ForwardedHop[] | null {
  const hops: ForwardedHop[] = [];
  let hop = { for: '', proto: '', host: '' };
  let at = 0;
  for (;;) {
    PAIR.lastIndex = at;
    const pair = PAIR.exec(value);
    if (pair === null) return null;
    const [, name = '', token, quoted = '', end] = pair;
    const key = name.toLowerCase();
    if (key === 'for' || key === 'proto' || key === 'host') {
      if (hop[key] !== '') return null;
      hop[key] = token ?? quoted.replace(/\\(.)/g, '$1');
    }
    at = PAIR.lastIndex;
    if (end === ';') continue;
    hops.push(hop);
    if (end !== ',') return hops;
    hop = { for: '', proto: '', host: '' };
  }
}

/** An address as a node of `Forwarded` (section 6): IPv6 in brackets and quotes, everything else unknown. */
export function forwardedNode(address: string): string {
  if (address.includes(':')) return `"[${address}]"`;
  return /^[\d.]+$/.test(address) ? address : 'unknown';
}
