import { readKeySet } from '../../core/key-set.ts';
import { LIMITS } from '../../core/limits.ts';
import { parseDurationMs } from '../../core/units.ts';
import { isLoopback } from '../fields-net.ts';
import type { Inputs } from '../inputs.ts';
import { readInput } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import { itemsAt, textAt, textsAt, valueAt } from '../view.ts';
import { checkTokenRules } from './token-rules.ts';

/** Keys that are there, are public and have one for an accepted algorithm; rules that some token can meet. */
export function checkTokenPolicy(raw: unknown, jwt: Path, inputs: Inputs): Finding[] {
  if (valueAt(raw, jwt) === undefined) return [];
  return [...checkForm(raw, jwt), ...checkIssuers(raw, jwt, inputs), ...checkTokenRules(raw, jwt, inputs)];
}

const SHORT = ['jwks', 'issuer', 'audience', 'algorithms'];

/** Either one issuer in the short form, or a list. */
function checkForm(raw: unknown, jwt: Path): Finding[] {
  const has = (key: string): boolean => valueAt(raw, [...jwt, key]) !== undefined;
  if (!has('issuers')) {
    if (has('jwks')) return [];
    return [
      errorAtKey(
        [...jwt, 'jwks'],
        'the key "jwks" is missing',
        'add jwks: { file: ./keys.json }, or issuers',
      ),
    ];
  }
  return SHORT.filter(has).map((key) =>
    errorAtKey([...jwt, key], `${key} and issuers cannot stand together`, `write ${key} at each issuer`),
  );
}

function checkIssuers(raw: unknown, jwt: Path, inputs: Inputs): Finding[] {
  const listed = itemsAt(raw, [...jwt, 'issuers']);
  const all = valueAt(raw, [...jwt, 'issuers']) === undefined ? [jwt] : listed;
  return [
    ...checkTwice(raw, listed),
    ...all.flatMap((issuer) => [
      ...checkAlgorithms(raw, issuer),
      ...checkKeys(raw, issuer, inputs),
      ...checkUrl(raw, issuer),
      ...checkAudience(raw, issuer),
    ]),
  ];
}

function checkTwice(raw: unknown, issuers: readonly Path[]): Finding[] {
  const names = issuers.map((issuer) => textAt(raw, [...issuer, 'issuer']));
  const hint = 'keep one: its key set has several keys';
  return issuers.flatMap((issuer, index) => {
    const isTwice = names[index] !== null && names.indexOf(names[index] as string) < index;
    return isTwice ? [error([...issuer, 'issuer'], 'this issuer stands here twice', hint)] : [];
  });
}

function checkKeys(raw: unknown, issuer: Path, inputs: Inputs): Finding[] {
  const path = [...issuer, 'jwks', 'file'];
  const file = textAt(raw, path);
  if (file === null || file === '') return [];
  const read = readInput(inputs, file, LIMITS.jwksBytes);
  if (!read.ok) return [error(path, read.message, read.hint)];
  const set = readKeySet(read.text);
  if (!set.ok)
    return set.problems.map((message) => error(path, message, 'write a set of public keys (RFC 7517)'));
  const accepted = textsAt(raw, [...issuer, 'algorithms']).map(({ text }) => text);
  if (accepted.length === 0 || accepted.some((algorithm) => set.algorithms.includes(algorithm))) return [];
  const message = 'no key of the set fits these algorithms: every token would be refused';
  return [error([...issuer, 'algorithms'], message, `the keys are for ${set.algorithms.join(', ')}`)];
}

/** Who can change the answer of this URL can sign every token. */
function checkUrl(raw: unknown, issuer: Path): Finding[] {
  const path = [...issuer, 'jwks', 'url'];
  const url = textAt(raw, path);
  const times = ['maxAge', 'cooldown', 'timeout', 'maxBytes'].filter(
    (key) => valueAt(raw, [...issuer, 'jwks', key]) !== undefined,
  );
  if (url === null)
    return times.map((key) =>
      errorAtKey(
        [...issuer, 'jwks', key],
        `${key} goes with url`,
        'a file is read when the configuration is',
      ),
    );
  return [...checkScheme(path, url), ...checkTimes(raw, [...issuer, 'jwks'])];
}

function checkScheme(path: Path, url: string): Finding[] {
  if (!URL.canParse(url)) return [];
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return [];
  return [
    error(path, 'keys from a URL without TLS: whoever is on the way could sign tokens', 'write https://'),
  ];
}

function checkTimes(raw: unknown, jwks: Path): Finding[] {
  const time = (key: string, usual: number): number => {
    const text = textAt(raw, [...jwks, key]);
    return text === null ? usual : (parseDurationMs(text) ?? usual);
  };
  if (time('maxAge', LIMITS.jwksAgeMs) >= time('cooldown', LIMITS.jwksCooldownMs)) return [];
  const key = valueAt(raw, [...jwks, 'maxAge']) === undefined ? 'cooldown' : 'maxAge';
  return [error([...jwks, key], 'maxAge is shorter than cooldown', 'raise maxAge, or lower cooldown')];
}

/** Said beside the schema's own refusal, because these two are attacks and not slips. */
function checkAlgorithms(raw: unknown, issuer: Path): Finding[] {
  return itemsAt(raw, [...issuer, 'algorithms']).flatMap((path) => {
    const name = textAt(raw, path) ?? '';
    if (/^none$/i.test(name)) return [error(path, 'none accepts every forged token', 'remove it')];
    if (!/^HS\d+$/i.test(name)) return [];
    return [
      error(
        path,
        'algorithms with a shared secret are refused',
        'use RS256, ES256 or EdDSA with public keys',
      ),
    ];
  });
}

function checkAudience(raw: unknown, issuer: Path): Finding[] {
  if (valueAt(raw, [...issuer, 'audience']) !== undefined) return [];
  const message = 'without audience a token that was made for another service is accepted';
  return [{ ...warning(issuer, message, 'add audience: NAME'), at: 'key' }];
}
