import { LIMITS } from '../core/limits.ts';
import type { Op } from './ports.ts';

/** Keys of the configurations in the state store start with this. */
export const CONFIGURATION_PREFIX = 'conf/';

const SEQUENCE_DIGITS = 12;

/** The store's key of the configuration that an entry of the audit brought into force. */
export function configurationKey(sequence: number): string {
  return `${CONFIGURATION_PREFIX}${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`;
}

/** The entry of the audit that a key belongs to. */
export function sequenceOf(key: string): number {
  return Number(key.slice(CONFIGURATION_PREFIX.length));
}

/** Takes away the oldest configurations, so that one more is within the limit. @param keys in their order */
export function makeRoom(keys: readonly string[]): Op[] {
  return keys.slice(0, Math.max(0, keys.length + 1 - LIMITS.configVersions)).map((del) => ({ del }));
}
