import type { CapturedRequest } from './capture/types.ts';

/** What tells whose request one is. */
export type SessionBy =
  | { readonly kind: 'auto' | 'address' | 'none' }
  | { readonly kind: 'cookie' | 'header'; readonly name: string };

/** Names that servers give to the cookie of a session. */
const SESSION_COOKIE = /sess|sid\b|^sid|auth|token/i;

/** Reads `auto`, `address`, `none`, `cookie:NAME` or `header:NAME`; null for anything else. */
export function parseSessionBy(text: string): SessionBy | null {
  if (text === 'auto' || text === 'address' || text === 'none') return { kind: text };
  const [, kind, name = ''] = /^(cookie|header):([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/.exec(text) ?? [];
  return kind === 'cookie' || kind === 'header' ? { kind, name } : null;
}

/**
 * Whose request it is: requests with one key are sent one after the other, in the order of the capture.
 * `auto` takes a cookie with the name of a session, else the credentials, else the client's address.
 * @returns null for a request that belongs to nobody
 */
export function sessionOf(request: CapturedRequest, by: SessionBy): string | null {
  switch (by.kind) {
    case 'none':
      return null;
    case 'address':
      return addressOf(request);
    case 'cookie':
      return cookieOf(request, (name) => name === by.name);
    case 'header':
      return headerOf(request, by.name.toLowerCase());
    case 'auto':
      return (
        cookieOf(request, (name) => SESSION_COOKIE.test(name)) ??
        headerOf(request, 'authorization') ??
        addressOf(request)
      );
  }
}

/** A field of a captured request by its lower-case name; null when it is absent. */
export function headerOf({ headers }: Pick<CapturedRequest, 'headers'>, lowerName: string): string | null {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === lowerName);
  return at === -1 ? null : (headers[at + 1] ?? null);
}

function addressOf(request: CapturedRequest): string | null {
  if (request.clientAddress !== '') return request.clientAddress;
  const way = headerOf(request, 'x-forwarded-for') ?? headerOf(request, 'x-real-ip');
  return way === null ? null : (way.split(',', 1)[0] ?? '').trim();
}

function cookieOf(request: CapturedRequest, isIt: (name: string) => boolean): string | null {
  const cookies = headerOf(request, 'cookie');
  for (const cookie of (cookies ?? '').split(';')) {
    const equals = cookie.indexOf('=');
    if (equals > 0 && isIt(cookie.slice(0, equals).trim())) return cookie.trim();
  }
  return null;
}
