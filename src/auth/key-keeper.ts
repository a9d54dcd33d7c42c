import { monotonicMs } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { printable } from '../core/printable.ts';
import { systemRandom } from '../core/random.ts';
import { fetchKeys } from './key-fetch.ts';
import type { FetchedKeys, RemoteKeys } from './key-fetch.ts';
import { KeyRing } from './key-ring.ts';

/** The keys of one issuer, as a verifier asks for them. */
export interface KeySource {
  /** Null until the first keys are there. */
  readonly ring: KeyRing | null;
  /** Settles when the first try to get them is over; null when there is nothing to wait for. */
  readonly first: Promise<void> | null;
  /** A token names a key that is not there. @returns when newer keys may be there, or null: there will be none */
  missed(): Promise<void> | null;
}

/** Keys of a file. */
export class FixedKeys implements KeySource {
  readonly ring: KeyRing;
  readonly first = null;

  constructor(text: string) {
    this.ring = new KeyRing(text);
  }

  missed(): null {
    return null;
  }
}

export type KeyLog = (level: 'info' | 'warn' | 'error', message: string) => void;

/** Part of an interval by which it varies, so that workers and nodes do not ask together. */
const JITTER = 0.2;

/**
 * Keeps the keys of one URL. They are fetched beside the requests: at the age of `maxAge`, and early when a token names a key
 * that is not there, at most once per `cooldown` in every case. While the endpoint fails, or says what is no key set, the
 * last known keys stay.
 */
export class KeyKeeper implements KeySource {
  ring: KeyRing | null = null;
  first: Promise<void> | null;
  private readonly source: RemoteKeys;
  private readonly log: KeyLog;
  private text = '';
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private startedMs = -Infinity;
  private waiters = 0;
  private failing = false;
  private holders = 0;
  private closed = false;

  constructor(source: RemoteKeys, log: KeyLog) {
    this.source = source;
    this.log = log;
    this.first = this.refresh().finally(() => (this.first = null));
  }

  /** One more configuration uses it. */
  hold(): this {
    this.holders += 1;
    return this;
  }

  /** One has ended; after the last one nothing is fetched any more. */
  letGo(): void {
    this.holders -= 1;
    if (this.holders > 0) return;
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  missed(): Promise<void> | null {
    const isDue = monotonicMs() - this.startedMs >= this.source.cooldownMs;
    if (this.closed || (this.running === null && !isDue) || this.waiters >= LIMITS.keyWaiters) return null;
    this.waiters += 1;
    return (this.running ?? this.refresh()).finally(() => (this.waiters -= 1));
  }

  /** One fetch at a time; everybody who wants one waits for the same. */
  private refresh(): Promise<void> {
    this.startedMs = monotonicMs();
    if (this.timer !== null) clearTimeout(this.timer);
    const running = fetchKeys(this.source).then((fetched) => this.settle(fetched));
    this.running = running;
    return running;
  }

  private settle(answer: FetchedKeys): void {
    this.running = null;
    if (this.closed) return;
    const fetched = this.taken(answer);
    this.tell(fetched);
    const { maxAgeMs, cooldownMs } = this.source;
    const waitMs = (fetched.ok ? maxAgeMs : cooldownMs) * (1 - JITTER * systemRandom.next());
    this.timer = setTimeout(() => void this.refresh(), Math.max(waitMs, 1)).unref();
  }

  /** Nothing may throw here: nobody waits for the timer, and a rejection nobody handles ends the process. */
  private taken(fetched: FetchedKeys): FetchedKeys {
    if (!fetched.ok || fetched.text === this.text) return fetched;
    try {
      this.ring = new KeyRing(fetched.text, this.ring);
      this.text = fetched.text;
      return fetched;
    } catch (thrown) {
      return { ok: false, why: messageOf(thrown) };
    }
  }

  /** Once per change: an endpoint that is down for a day is one line. */
  private tell(fetched: FetchedKeys): void {
    if (fetched.ok !== this.failing) return;
    this.failing = !fetched.ok;
    const { origin, pathname } = new URL(this.source.url);
    if (fetched.ok) return this.log('info', `keys of ${origin}${pathname} are there again`);
    const rest = this.ring === null ? 'no token of this issuer can be verified' : 'the last known keys stay';
    this.log('warn', `keys of ${origin}${pathname} were not fetched: ${printable(fetched.why)}; ${rest}`);
  }
}
