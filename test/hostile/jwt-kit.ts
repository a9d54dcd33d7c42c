import { KeyObject, sign } from 'node:crypto';
import { expect } from 'vitest';
import type { JwtFilterConfig, JwtIssuer } from '../../src/core/token-policy.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import { AUDIENCE, encoded, ISSUER, jwtConfig, keySetOf, nowS, signingKey, tokenOf } from '../kit/tokens.ts';
import type { SigningKey, TokenParts } from '../kit/tokens.ts';
import { get, stage, statuses } from './kit.ts';
import type { Stage } from './kit.ts';

/** A stage whose every route wants a token of one key. */
export interface TokenStage extends Stage {
  readonly key: SigningKey;
  /** A good token of that key, but for what is said. */
  readonly token: (parts?: TokenParts) => Promise<string>;
}

/** What a stage is built with. */
interface Staging {
  readonly key?: SigningKey;
  readonly keys?: JwtIssuer['keys'];
  readonly filter?: Partial<JwtFilterConfig>;
  readonly issuer?: Partial<JwtIssuer>;
}

/** Builds it. Every request is copied, so that a token that is let in by mistake is seen by two servers. */
export async function tokenStage({ key, keys, filter, issuer }: Staging = {}): Promise<TokenStage> {
  const own = key ?? (await signingKey());
  const staff = jwtConfig(keys ?? { text: keySetOf(own) }, filter, issuer);
  const on = await stage({
    rollout: { sample: 1 },
    config: ({ candidate }) => ({
      candidate: {
        upstreams: [upstreamConfig('candidate', candidate.url)],
        routes: [route('all', '/', { filters: ['staff'] })],
        filters: [staff],
      },
    }),
  });
  return { ...on, key: own, token: (parts) => tokenOf(own, parts) };
}

/** A request with this token. */
export const withToken = (token: string): string => get('/guarded', `Authorization: Bearer ${token}`);

/**
 * Expects that every one of these requests is denied and that neither server saw a byte, and that a good token passes,
 * so that it was not everything that was denied.
 */
export async function expectDenied(
  on: TokenStage,
  requests: readonly string[],
  good: string | null = null,
): Promise<void> {
  on.legacy.forget();
  on.candidate.forget();
  for (const bytes of requests) {
    const text = await on.send(bytes);
    expect({ bytes, statuses: statuses(text) }).toEqual({ bytes, statuses: [401] });
    expect(text).toMatch(/\r\nWWW-Authenticate: Bearer(?: error="invalid_token")?\r\n/);
    // Nothing that says which part was wrong.
    expect(text.slice(text.indexOf('\r\n\r\n'))).toBe('\r\n\r\nUnauthorized\n');
  }
  await on.gateway.settled();
  expect([on.legacy.bytes, on.candidate.bytes]).toEqual(['', '']);
  await expectServed(on, good ?? withToken(await on.token()));
}

/** Expects that this request reaches both servers. */
async function expectServed(on: Stage, bytes: string): Promise<void> {
  on.legacy.forget();
  on.candidate.forget();
  expect({ bytes, statuses: statuses(await on.send(bytes)) }).toEqual({ bytes, statuses: [200] });
  await on.gateway.settled();
  expect([on.legacy.requests.length, on.candidate.requests.length]).toEqual([1, 1]);
}

/** A token of these parts; each is taken as it is when it is a text. */
export function compact(header: unknown, claims: unknown, signature: string | Uint8Array = ''): string {
  const part = (value: unknown): string => (typeof value === 'string' ? value : encoded(value));
  const last = typeof signature === 'string' ? signature : Buffer.from(signature).toString('base64url');
  return `${part(header)}.${part(claims)}.${last}`;
}

/** The claims of a token that would be good, for an attacker to write. */
export const CLAIMS = { sub: 'admin', iss: ISSUER, aud: AUDIENCE, exp: nowS() + 600 };

/** What is signed, in the forms that no library would write. */
interface RawParts {
  /** A text is taken as it is. */
  readonly header?: unknown;
  readonly claims?: unknown;
  /** The claims as they stand there, not encoded (RFC 7797). */
  readonly unencoded?: boolean;
}

/** A token with a true ES256 signature over whatever it says; its header names the key unless it is a text. */
export function signedRaw(
  key: SigningKey,
  { header = {}, claims = CLAIMS, unencoded = false }: RawParts = {},
): string {
  const named =
    typeof header === 'object' && header !== null ? { alg: 'ES256', kid: key.kid, ...header } : header;
  const second = unencoded ? String(claims) : encoded(claims);
  const text = `${encoded(named)}.${second}`;
  const signature = sign('sha256', Buffer.from(text), {
    key: KeyObject.from(key.privateKey),
    dsaEncoding: 'ieee-p1363',
  });
  return `${text}.${signature.toString('base64url')}`;
}
