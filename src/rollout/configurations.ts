import { LIMITS } from '../core/limits.ts';
import type { Entry, Op } from './ports.ts';

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

/**
 * Takes away the oldest configurations, so that one more is within the limits.
 * @param kept in their order
 * @param bytes of the one to come
 */
export function makeRoom(kept: readonly Entry[], bytes: number): Op[] {
  let left = LIMITS.configVersionsBytes - bytes;
  const gone = kept.toReversed().findIndex(({ value }, index) => {
    left -= value.length;
    return left < 0 || index + 1 >= LIMITS.configVersions;
  });
  return gone === -1 ? [] : kept.slice(0, kept.length - gone).map(({ key }) => ({ del: key }));
}
