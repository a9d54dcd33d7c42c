import { keyChanges } from '../config/changes.ts';
import type { CompiledConfig } from '../config/compile.ts';
import { holdsSecret } from '../config/redact.ts';
import { CutoverError } from '../core/errors.ts';
import { CONFIGURATION_PREFIX, sequenceOf } from '../rollout/configurations.ts';
import type { Entry, StateStore } from '../rollout/ports.ts';
import { configurationVersionSchema } from './schema/configuration-version.ts';
import type { ConfigurationChange, ConfigurationVersion } from './schema/configuration-version.ts';

/** What is stored of a configuration, before it has a number. */
type Unnumbered = Omit<ConfigurationVersion, 'sequence'>;

/**
 * What is stored with the entry that brings a configuration into force, JSON. A text that holds what looks like a secret
 * is not stored; what changed is told all the same, with the secret hidden.
 * @param before text of the one that was in force; null: nobody knows
 */
export function versionText(before: string | null, config: CompiledConfig): string {
  const { text = '', gateway } = config;
  const found = before === null ? { changes: null, more: 0 } : keyChanges(before, text);
  const stored: Unnumbered = {
    schemaVersion: 1,
    hash: gateway.hash,
    changes: found.changes === null ? null : [...found.changes],
    more: found.more,
    text: config.text === undefined || holdsSecret(text) ? null : text,
  };
  return JSON.stringify(stored);
}

/** The configuration of one entry as it is told; null for what is none. */
export function versionOf(sequence: number, stored: string | null): ConfigurationVersion | null {
  if (stored === null) return null;
  return configurationVersionSchema.parse({ ...(JSON.parse(stored) as object), sequence });
}

/** The text that was put into force last, as far as it is kept. */
export async function newestText(store: StateStore): Promise<string | null> {
  const { entries } = await store.list(CONFIGURATION_PREFIX);
  return versionsIn(entries).at(-1)?.text ?? null;
}

/** What the entries from this one on changed in the configuration. */
export async function changesSince(store: StateStore, sequence: number): Promise<ConfigurationChange[]> {
  const { entries } = await store.list(CONFIGURATION_PREFIX);
  return versionsIn(entries)
    .filter((version) => version.sequence >= sequence)
    .map(({ sequence: entry, hash, changes, more, text }) => ({
      sequence: entry,
      hash,
      changes,
      more,
      kept: text !== null,
    }));
}

function versionsIn(entries: readonly Entry[]): ConfigurationVersion[] {
  return entries.flatMap(({ key, value }) => {
    const version = versionOf(sequenceOf(key), new TextDecoder().decode(value));
    return version === null ? [] : [version];
  });
}

/** @throws CutoverError NO_CONFIGURATION, because a text with secrets is not kept */
export function refuseSecrets(sequence: number): never {
  const message = `the text of entry ${sequence} is not kept: it held what looks like a secret`;
  throw new CutoverError('NO_CONFIGURATION', message, {
    hint: 'put the file back yourself, then: cutover reload; secrets belong in { file: … } or { env: … }',
    exitCode: 2,
  });
}

/** What has to be known when the configuration in force is not that of the file. */
export function notInFile(file: string): string {
  return `${file} is as it was: the next reload or start takes what stands there`;
}

/** What is said where an entry has no configuration. */
export function noVersion(sequence: number): CutoverError {
  const message = `no configuration is kept of entry ${sequence}`;
  return new CutoverError('NO_CONFIGURATION', message, {
    hint: 'entries that changed it name their keys: cutover history',
    exitCode: 2,
  });
}
