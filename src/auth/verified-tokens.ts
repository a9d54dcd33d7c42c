import { hash } from 'node:crypto';
import { LIMITS } from '../core/limits.ts';
import type { TokenResult } from './jwt.ts';
import type { VerifyKey } from './key-ring.ts';

interface Entry {
  readonly result: TokenResult;
  readonly key: VerifyKey;
  /** Wall time, milliseconds. */
  readonly untilMs: number;
  readonly chars: number;
}

/** The name under which a token is remembered: the token itself is kept nowhere. */
export function tokenDigest(token: string): string {
  return hash('sha256', token, 'base64');
}

/**
 * What is known about tokens that were verified. Good ones and bad ones have places of their own, so that no flood of
 * bad ones pushes a good one out; an entry dies with its key.
 */
export class VerifiedTokens {
  private readonly good = new Map<string, Entry>();
  private readonly bad = new Map<string, Entry>();
  private chars = 0;

  /** What was found about it, as long as that holds. */
  get(digest: string, nowMs: number): TokenResult | null {
    const entry = this.good.get(digest) ?? this.bad.get(digest);
    if (entry === undefined) return null;
    if (entry.key.live && nowMs < entry.untilMs) return entry.result;
    this.forget(digest);
    return null;
  }

  /** Remembers a token with a true signature. @param untilMs end of what was found, by `exp` say */
  keep(digest: string, entry: Omit<Entry, 'untilMs'>, untilMs: number, nowMs: number): void {
    this.forget(digest);
    this.good.set(digest, { ...entry, untilMs: Math.min(untilMs, nowMs + LIMITS.verifiedTokenMs) });
    this.chars += entry.chars;
    while (this.good.size > LIMITS.verifiedTokens || this.chars > LIMITS.verifiedTokenChars) {
      const [oldest] = this.good.keys();
      if (oldest === undefined) return;
      this.forget(oldest);
    }
  }

  /** Remembers for a moment that a signature was wrong. */
  refuse(digest: string, entry: Omit<Entry, 'untilMs' | 'chars'>, nowMs: number): void {
    this.bad.set(digest, { ...entry, chars: 0, untilMs: nowMs + LIMITS.refusedTokenMs });
    const [oldest] = this.bad.keys();
    if (this.bad.size > LIMITS.refusedTokens && oldest !== undefined) this.bad.delete(oldest);
  }

  get size(): number {
    return this.good.size;
  }

  private forget(digest: string): void {
    this.bad.delete(digest);
    this.chars -= this.good.get(digest)?.chars ?? 0;
    this.good.delete(digest);
  }
}
