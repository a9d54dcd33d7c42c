import type { Agent } from 'undici';
import type { NotifyReceiver } from '../../config/plan.ts';
import { monotonicMs, wallMs } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { RandomSource } from '../../core/random.ts';
import { formatSpan } from '../../core/units.ts';
import type { NotifyOutcome } from '../../telemetry/notify-counts.ts';
import { post } from './post.ts';
import { retryDelayMs } from './retry.ts';
import { signedFields } from './sign.ts';

/** One notification for one receiver. */
export interface Delivery {
  readonly id: string;
  readonly body: string;
}

interface Waiting extends Delivery {
  readonly sinceMs: number;
}

export interface ReceiverOptions {
  readonly random: RandomSource;
  readonly counted: (outcome: NotifyOutcome | 'retried') => void;
  /** It is out of reach, or is reached again. Called on a change only. */
  readonly trouble: (ok: boolean, message: string) => void;
}

/**
 * What waits for one receiver: in order, one at a time, each tried until the receiver took or refused it or it is too old.
 * Whatever the receiver does, nobody waits for it but {@link close}, and that for a bounded time.
 */
export class Receiver {
  target: NotifyReceiver;
  private readonly options: ReceiverOptions;
  private readonly queue: Waiting[] = [];
  private readonly cut = new AbortController();
  private running: Promise<void> | null = null;
  private agent: Promise<Agent> | null = null;
  private closing = false;
  private inTrouble = false;
  private wake: () => void = () => undefined;

  constructor(target: NotifyReceiver, options: ReceiverOptions) {
    this.target = target;
    this.options = options;
  }

  /** Notifications that wait or are under way. */
  get waiting(): number {
    return this.queue.length;
  }

  add(delivery: Delivery): void {
    if (this.closing) return this.options.counted('unsent');
    if (this.queue.length >= LIMITS.notifyWaiting) this.dropOldest();
    this.queue.push({ ...delivery, sinceMs: monotonicMs() });
    this.running ??= this.work()
      .catch((error: unknown) => this.say(false, messageOf(error)))
      .finally(() => (this.running = null));
  }

  /** Tries what waits once more, without a pause, for so long at the most; what is left then is not sent. */
  async close(graceMs: number): Promise<void> {
    this.closing = true;
    this.wake();
    const timer = setTimeout(() => this.cut.abort(), graceMs);
    await this.running;
    clearTimeout(timer);
    for (const _ of this.queue.splice(0)) this.options.counted('unsent');
    const agent = await this.agent;
    await agent?.destroy();
  }

  /** The oldest that is not under way. */
  private dropOldest(): void {
    this.queue.splice(1, 1);
    this.options.counted('dropped');
    this.say(false, `more than ${LIMITS.notifyWaiting} wait: the oldest are dropped`);
  }

  private async work(): Promise<void> {
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      const outcome = await this.deliver(next);
      this.queue.shift();
      this.options.counted(outcome);
      if (outcome === 'unsent') return;
    }
  }

  private async deliver(delivery: Waiting): Promise<NotifyOutcome> {
    for (let failures = 1; ; failures += 1) {
      const last = this.closing;
      const posted = await this.once(delivery);
      if (posted.kind === 'delivered') this.say(true, 'they are delivered again');
      if (posted.kind === 'refused') this.say(false, `one was refused: ${posted.why}`);
      if (posted.kind !== 'failed') return posted.kind;
      if (last) return 'unsent';
      const { giveUpAfterMs } = this.target;
      const waitMs = retryDelayMs(failures, posted.retryAfterMs, this.options.random);
      const givenUp = monotonicMs() - delivery.sinceMs + waitMs > giveUpAfterMs;
      if (givenUp || failures >= LIMITS.notifyTroubleTries) {
        this.say(false, `${posted.why}; each is tried for ${formatSpan(giveUpAfterMs)}`);
      }
      if (givenUp) return 'given_up';
      await this.nap(waitMs);
      this.options.counted('retried');
    }
  }

  private async once({ id, body }: Delivery): ReturnType<typeof post> {
    const { url, secrets, timeoutMs } = this.target;
    const fields = { ...signedFields(id, body, secrets, wallMs()) };
    this.agent ??= openAgent();
    return await post(await this.agent, { url, fields, body, timeoutMs, signal: this.cut.signal });
  }

  /** Once until it changes. */
  private say(ok: boolean, message: string): void {
    if (this.inTrouble === !ok) return;
    this.inTrouble = !ok;
    // An event is told while another one is on its way to whoever listens: what follows from it comes after it.
    queueMicrotask(() => this.options.trouble(ok, message));
  }

  private nap(ms: number): Promise<void> {
    if (this.closing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function openAgent(): Promise<Agent> {
  const undici = await import('undici');
  return new undici.Agent({
    connections: 1,
    connect: { timeout: LIMITS.notifyTimeoutMs },
    maxHeaderSize: LIMITS.notifyHeadBytes,
  });
}
