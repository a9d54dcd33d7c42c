import type { Inputs, SecretRef } from '../inputs.ts';
import { readSecret } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, warning } from '../problem.ts';
import { looksSecret } from '../redact.ts';
import type { Source } from '../source.ts';
import { entriesAt, itemsAt, textAt, valueAt } from '../view.ts';

/** Secrets that cannot be read, and secrets that stand in the file itself. No message has a value in it. */
export function checkSecrets(source: Source, inputs: Inputs): Finding[] {
  return secretPlaces(source.raw).flatMap(({ path, value }) => {
    if (typeof value === 'string') return literal(source, path, value);
    const ref = secretRef(value);
    if (ref === null) return [];
    const read = readSecret(inputs, ref);
    return read.ok
      ? []
      : [error([...path, ref.file === undefined ? 'env' : 'file'], read.message, read.hint)];
  });
}

function literal(source: Source, path: Path, value: string): Finding[] {
  if (!looksSecret(value) || source.written(path) !== value) return [];
  return [
    warning(path, 'a secret stands in this file', 'write { file: /run/secrets/NAME } or { env: NAME }'),
  ];
}

function secretRef(value: unknown): SecretRef | null {
  const file = textAt(value, ['file']);
  if (file !== null) return { file };
  const env = textAt(value, ['env']);
  return env === null ? null : { env };
}

/** Where the schema takes a secret. */
function secretPlaces(raw: unknown): { readonly path: Path; readonly value: unknown }[] {
  const rules = itemsAt(raw, ['rollout', 'canary', 'match']);
  const maps = rules.flatMap((rule) => ['header', 'cookie'].map((part) => [...rule, part]));
  const inMaps = [...maps, ['rollout', 'shadow', 'setHeaders']].flatMap((map) =>
    entriesAt(raw, map).map(([name, value]) => ({ path: [...map, name], value })),
  );
  const ofReceivers = itemsAt(raw, ['notify']).flatMap((item) =>
    ['secret', 'previousSecret'].map((name) => ({
      path: [...item, name],
      value: valueAt(raw, [...item, name]),
    })),
  );
  const password = ['siem', 'indexer', 'password'];
  const ofPrincipals = itemsAt(raw, ['admin', 'remote', 'principals']).map((item) => ({
    path: [...item, 'token'],
    value: valueAt(raw, [...item, 'token']),
  }));
  return [...inMaps, ...ofReceivers, ...ofPrincipals, { path: password, value: valueAt(raw, password) }];
}
