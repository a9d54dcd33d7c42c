import { LIMITS } from '../../core/limits.ts';
import type { Inputs } from '../inputs.ts';
import { readInput } from '../inputs.ts';
import { readKeySet } from '../../core/key-set.ts';
import type { Finding, Path } from '../problem.ts';
import { error, warning } from '../problem.ts';
import type { Source } from '../source.ts';
import { entriesAt, itemsAt, textAt, textsAt, valueAt } from '../view.ts';

/** Key files that are there, hold public keys only, and have one for an accepted algorithm. */
export function checkFilters(source: Source, inputs: Inputs): Finding[] {
  return entriesAt(source.raw, ['filters']).flatMap(([name]) => {
    const jwt = ['filters', name, 'jwt'];
    if (valueAt(source.raw, jwt) === undefined) return [];
    return [
      ...checkAlgorithms(source.raw, jwt),
      ...checkKeys(source.raw, jwt, inputs),
      ...checkAudience(source.raw, jwt),
    ];
  });
}

function checkKeys(raw: unknown, jwt: Path, inputs: Inputs): Finding[] {
  const path = [...jwt, 'jwks', 'file'];
  const file = textAt(raw, path);
  if (file === null || file === '') return [];
  const read = readInput(inputs, file, LIMITS.jwksBytes);
  if (!read.ok) return [error(path, read.message, read.hint)];
  const set = readKeySet(read.text);
  if (!set.ok)
    return set.problems.map((message) => error(path, message, 'write a set of public keys (RFC 7517)'));
  const accepted = textsAt(raw, [...jwt, 'algorithms']).map(({ text }) => text);
  if (accepted.length === 0 || accepted.some((algorithm) => set.algorithms.includes(algorithm))) return [];
  const message = 'no key of the set fits these algorithms: every token would be refused';
  return [error([...jwt, 'algorithms'], message, `the keys are for ${set.algorithms.join(', ')}`)];
}

/** Said beside the schema's own refusal, because these two are attacks and not slips. */
function checkAlgorithms(raw: unknown, jwt: Path): Finding[] {
  return itemsAt(raw, [...jwt, 'algorithms']).flatMap((path) => {
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

function checkAudience(raw: unknown, jwt: Path): Finding[] {
  if (valueAt(raw, [...jwt, 'audience']) !== undefined) return [];
  const message = 'without audience a token that was made for another service is accepted';
  return [{ ...warning(jwt, message, 'add audience: NAME'), at: 'key' }];
}
