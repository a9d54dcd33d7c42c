import { readKeySet } from '../core/key-set.ts';
import { LIMITS } from '../core/limits.ts';
import type { ClaimRule, JwtFilterConfig, JwtIssuer, JwtKeys, TokenSource } from '../core/token-policy.ts';
import type { Inputs } from './inputs.ts';
import { readInput, readSecret } from './inputs.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';
import { USUAL_ALGORITHMS } from './schema-filters.ts';

type Entry = Config['filters'][string];
type Jwt = NonNullable<Entry['jwt']>;
type Issuer = NonNullable<Jwt['issuers']>[number];
type Keys = NonNullable<Jwt['jwks']>;

/** A policy for tokens, with the content of its files. */
export function compileToken(
  name: string,
  { jwt, enforceAt }: { readonly jwt: Jwt; readonly enforceAt: Entry['enforceAt'] },
  inputs: Inputs,
): JwtFilterConfig {
  return {
    kind: 'jwt',
    name,
    enforceAt,
    issuers: issuersOf(jwt, inputs),
    clockToleranceS: Math.round(jwt.clockTolerance / 1000),
    maxAgeS: jwt.maxAge === undefined ? null : Math.round(jwt.maxAge / 1000),
    typ: (jwt.typ ?? []).map((typ) => typ.toLowerCase().replace(/^application\//, '')),
    require: jwt.require.map(ruleOf),
    source: sourceOf(jwt.token),
    forward: Object.entries(jwt.forwardClaims).map(([header, claim]) => ({ header, claim })),
    forwardToken: jwt.forwardToken,
    copyToken: typeof jwt.copies === 'string' ? jwt.copies : { swap: swapOf(jwt.copies.swap, inputs) },
    revoked: Array.isArray(jwt.revoked) ? jwt.revoked : revokedIn(jwt.revoked.file, inputs),
  };
}

function issuersOf(jwt: Jwt, inputs: Inputs): JwtIssuer[] {
  const { jwks, issuer, audience, algorithms, issuers = [] } = jwt;
  if (jwks !== undefined) return [issuerOf({ jwks, issuer, audience, algorithms }, inputs)];
  return issuers.map((one) => issuerOf(one, inputs));
}

function issuerOf(
  {
    issuer,
    jwks,
    audience = [],
    algorithms,
  }: Omit<Issuer, 'issuer'> & { readonly issuer?: string | undefined },
  inputs: Inputs,
): JwtIssuer {
  return {
    issuer: issuer ?? null,
    keys: keysOf(jwks, inputs),
    audience: typeof audience === 'string' ? [audience] : audience,
    algorithms: algorithms ?? [...USUAL_ALGORITHMS],
  };
}

function keysOf({ file, url = '', maxAge, cooldown, timeout, maxBytes }: Keys, inputs: Inputs): JwtKeys {
  if (file !== undefined) return { text: keySet(inputs, file) };
  return {
    url,
    maxAgeMs: maxAge ?? LIMITS.jwksAgeMs,
    cooldownMs: cooldown ?? LIMITS.jwksCooldownMs,
    timeoutMs: timeout ?? LIMITS.jwksTimeoutMs,
    maxBytes: maxBytes ?? LIMITS.jwksBytes,
  };
}

/** Checked once before; read again here, and checked again, because the file may have changed in between. */
function keySet(inputs: Inputs, file: string): string {
  const read = readInput(inputs, file, LIMITS.jwksBytes);
  const set = read.ok ? readKeySet(read.text) : null;
  if (set?.ok === true) return set.text;
  throw new Error('a key set changed while it was read');
}

function ruleOf({ claim, equals, oneOf, contains }: Jwt['require'][number]): ClaimRule {
  if (equals !== undefined) return { claim, oneOf: [equals] };
  if (oneOf !== undefined) return { claim, oneOf };
  return contains === undefined ? { claim, exists: true } : { claim, contains };
}

function sourceOf({ header, cookie, query }: NonNullable<Jwt['token']> = {}): TokenSource {
  if (header !== undefined) return { in: 'header', name: header.toLowerCase() };
  if (cookie !== undefined) return { in: 'cookie', name: cookie };
  return query === undefined ? { in: 'authorization', name: '' } : { in: 'query', name: query };
}

function swapOf(ref: Parameters<typeof readSecret>[1], inputs: Inputs): string {
  const read = readSecret(inputs, ref);
  if (read.ok) return read.text;
  throw new Error('a token for copies changed while it was read');
}

function revokedIn(file: string, inputs: Inputs): string[] {
  const read = readInput(inputs, file, LIMITS.revokedBytes);
  if (read.ok) return revokedTokens(read.text);
  throw new Error('a list of revoked tokens changed while it was read');
}

/** One jti a line; empty lines and those that begin with `#` are none. */
export function revokedTokens(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
}

/** Where keys stand, revoked tokens and tokens of copies, in the compiled policy. */
export function placesOf({ issuers, copyToken }: JwtFilterConfig, at: Path): Path[] {
  const keys = issuers.flatMap(({ keys: one }, index) =>
    'text' in one ? [[...at, 'issuers', index, 'keys', 'text']] : [],
  );
  const own = typeof copyToken === 'string' ? [] : [[...at, 'copyToken', 'swap']];
  return [...keys, ...own, [...at, 'revoked']];
}
