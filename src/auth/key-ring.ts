import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { usableWith } from '../core/key-set.ts';
import type { Key } from '../core/key-set.ts';

/** One public key of a set. */
export interface VerifyKey {
  readonly kid: string | null;
  readonly algorithms: readonly string[];
  readonly object: KeyObject;
  /** The key itself as text: what makes it the same one in the next set. */
  readonly text: string;
  /** False from the moment on at which its issuer publishes it no more: nothing that it signed counts any longer. */
  live: boolean;
}

/** The keys of one issuer at one time. */
export class KeyRing {
  private readonly keys: readonly VerifyKey[];

  /**
   * @param text a set that `readKeySet` has agreed to
   * @param before the ring that this one replaces: keys that stay are taken over, those that are gone die at once
   */
  constructor(text: string, before: KeyRing | null = null) {
    const { keys } = JSON.parse(text) as { keys: Key[] };
    const known = new Map(before?.keys.map((key) => [key.text, key]));
    this.keys = keys.map((key) => {
      const same = JSON.stringify(key);
      return known.get(same) ?? imported(key, same);
    });
    const kept = new Set(this.keys);
    for (const key of before?.keys ?? []) if (!kept.has(key)) key.live = false;
  }

  /**
   * The key that a token names; without a name the only one that fits. Several that fit are none: trying all would
   * give a stranger several verifications for one token.
   */
  find(kid: string | null, alg: string): VerifyKey | null {
    const fitting = this.keys.filter(
      (key) => (kid === null || key.kid === kid) && key.algorithms.includes(alg),
    );
    return fitting.length === 1 ? (fitting[0] ?? null) : null;
  }
}

function imported(key: Key, text: string): VerifyKey {
  const kid = key['kid'];
  return {
    kid: typeof kid === 'string' ? kid : null,
    algorithms: usableWith(key),
    object: createPublicKey({ key, format: 'jwk' }),
    text,
    live: true,
  };
}
