import { createPublicKey, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '../src/core/limits.ts';
import { makeAuthority, makeCertificate } from '../test/kit/certificate-maker.ts';
import { AUDIENCE, ISSUER, encoded, keySetOf, nowS, signingKey, tokenOf } from '../test/kit/tokens.ts';
import type { SigningKey } from '../test/kit/tokens.ts';

/**
 * What tokens a load sends: of a few users again and again; another one each time, more of them than a gateway remembers; forged
 * ones of five kinds; forged ones that only their signature gives away, which costs most.
 */
export type Tokens = 'same' | 'each' | 'forged' | 'unsigned';

/** Who clients are, as files: every subject and every load is given the same. */
export interface Credentials {
  /** Who signs certificates of clients. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly keySetFile: string;
  /** The same key as PEM. */
  readonly publicKeyFile: string;
  /** One token a line. */
  readonly tokenFiles: Readonly<Record<Tokens, string>>;
}

const USERS = 100;
/** More than a filter remembers: each has been forgotten when its turn comes again. */
const DIFFERENT = LIMITS.verifiedTokens + 5_000;
const DAY_S = 86_400;
/** Bytes of an ES256 signature. */
const SIGNATURE_BYTES = 64;

/** Makes an authority, a client of it, a signing key and tokens, and writes them. */
export async function makeCredentials(folder: string): Promise<Credentials> {
  const authority = makeAuthority('clients');
  const { pem, key } = makeCertificate({ by: authority, names: [['uri', 'spiffe://bench.example/client']] });
  const signing = await signingKey('k1', 'ES256');
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o644 });
    return file;
  };
  const tokens = async (name: Tokens, list: readonly string[] | Promise<readonly string[]>) =>
    write(`${name}.txt`, (await list).join('\n'));
  return {
    caFile: write('clients.pem', authority.pem),
    certFile: write('client.pem', pem),
    keyFile: write('client.key', key),
    keySetFile: write('keys.json', keySetOf(signing)),
    publicKeyFile: write('token-key.pem', pemOf(signing)),
    tokenFiles: {
      same: await tokens('same', signed(signing, USERS)),
      each: await tokens('each', signed(signing, DIFFERENT)),
      forged: await tokens(
        'forged',
        range(DIFFERENT, (at) => forged(at, KINDS[at % KINDS.length] ?? {})),
      ),
      unsigned: await tokens(
        'unsigned',
        range(DIFFERENT, (at) => forged(at, {})),
      ),
    },
  };
}

const range = <T>(length: number, make: (at: number) => T): T[] =>
  Array.from({ length }, (_, at) => make(at));

function pemOf({ jwk }: SigningKey): string {
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
}

async function signed(key: SigningKey, count: number): Promise<string[]> {
  const list: string[] = [];
  const claims = { exp: nowS() + DAY_S };
  for (let at = 0; at < count; at += 1)
    list.push(await tokenOf(key, { claims: { ...claims, jti: String(at) } }));
  return list;
}

interface Forgery {
  readonly kid?: string;
  readonly iss?: string;
  readonly exp?: number;
  readonly isBroken?: true;
}

/** A fifth each: a wrong signature by a key that is there, a key that is not, another issuer, an old one, and no token at all. */
const KINDS: readonly Forgery[] = [
  {},
  { kid: 'nobody' },
  { iss: 'https://elsewhere.example' },
  { exp: 1_000_000_000 },
  { isBroken: true },
];

function forged(at: number, { kid = 'k1', iss = ISSUER, exp = nowS() + DAY_S, isBroken }: Forgery): string {
  const payload = encoded({ sub: 'mallory', iss, aud: AUDIENCE, exp, jti: `forged-${at}` });
  const head = encoded({ alg: 'ES256', kid });
  const signature = randomBytes(SIGNATURE_BYTES).toString('base64url');
  return isBroken === true ? `${head}.${payload}` : `${head}.${payload}.${signature}`;
}
