import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import type { KeyChanges } from '../config/changes.ts';
import type { CompiledConfig } from '../config/compile.ts';
import { holdsSecret } from '../config/redact.ts';
import { CutoverError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { CONFIGURATION_PREFIX, sequenceOf } from '../rollout/configurations.ts';
import type { StateStore } from '../rollout/ports.ts';
import { configurationVersionSchema } from './schema/configuration-version.ts';
import type { ConfigurationChange, ConfigurationVersion } from './schema/configuration-version.ts';

/** What is stored of a configuration: its text deflated, in Base64. */
const storedSchema = configurationVersionSchema
  .omit({ sequence: true, text: true })
  .extend({ packed: z.string().nullable() });

type Stored = z.infer<typeof storedSchema>;

/**
 * What is stored with the entry that brings a configuration into force, JSON. A text that holds what looks like a secret, or
 * is too large for the store, is not kept; what changed is told all the same, with the secret hidden.
 * @param found what changed; null: nobody knows
 */
export function versionText(found: KeyChanges | null, config: CompiledConfig): string {
  const { text = '', gateway } = config;
  const stored: Stored = {
    schemaVersion: 1,
    hash: gateway.hash,
    changes: found === null ? null : [...found.changes],
    more: found?.more ?? 0,
    packed: config.text === undefined || holdsSecret(text) ? null : packed(text),
  };
  return JSON.stringify(stored);
}

function packed(text: string): string | null {
  const base64 = deflateRawSync(text).toString('base64');
  return base64.length <= LIMITS.configPackedChars ? base64 : null;
}

/** The configuration of one entry as it is told; null for what is none. */
export function versionOf(sequence: number, stored: string | null): ConfigurationVersion | null {
  if (stored === null) return null;
  const { packed: base64, ...rest } = storedSchema.parse(JSON.parse(stored));
  return { ...rest, sequence, text: base64 === null ? null : unpacked(base64) };
}

function unpacked(base64: string): string {
  return inflateRawSync(Buffer.from(base64, 'base64'), { maxOutputLength: LIMITS.configBytes }).toString();
}

/** The text that was put into force last, as far as it is kept. */
export async function newestText(store: StateStore): Promise<string | null> {
  const newest = (await store.list(CONFIGURATION_PREFIX)).entries.at(-1);
  if (newest === undefined) return null;
  return versionOf(sequenceOf(newest.key), textOf(newest.value))?.text ?? null;
}

/** What the entries from this one on changed in the configuration. */
export async function changesSince(store: StateStore, sequence: number): Promise<ConfigurationChange[]> {
  const { entries } = await store.list(CONFIGURATION_PREFIX);
  return entries
    .filter(({ key }) => sequenceOf(key) >= sequence)
    .map(({ key, value }) => {
      const { hash, changes, more, packed: base64 } = storedSchema.parse(JSON.parse(textOf(value)));
      return { sequence: sequenceOf(key), hash, changes, more, kept: base64 !== null };
    });
}

const textOf = (value: Uint8Array): string => new TextDecoder().decode(value);

/** @throws CutoverError NO_CONFIGURATION, because a text with secrets is not kept */
export function refuseSecrets(sequence: number): never {
  const message = `the text of entry ${sequence} is not kept: it held what looks like a secret, or was too large`;
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
