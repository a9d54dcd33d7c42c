import type { NotifyReceiver } from '../../config/plan.ts';
import type { CutoverEvent, StampedEvent } from '../../core/events.ts';
import { incarnation } from '../../core/ids.ts';
import { LIMITS } from '../../core/limits.ts';
import { systemRandom } from '../../core/random.ts';
import type { RandomSource } from '../../core/random.ts';
import { noNotifications } from '../../telemetry/notify-counts.ts';
import type { NotifyCounts } from '../../telemetry/notify-counts.ts';
import { News } from './news.ts';
import { bodyOf } from './payload.ts';
import type { Sender } from './payload.ts';
import { Receiver } from './receiver.ts';

export interface NotifierOptions {
  /** As they are configured now. */
  readonly receivers: () => readonly NotifyReceiver[];
  readonly node: () => Sender;
  /** Says that a receiver is out of reach, or is reached again. */
  readonly event: (event: CutoverEvent) => void;
  readonly random?: RandomSource;
}

/** Tells receivers of events by signed webhooks. Nothing here waits for a receiver but {@link close}. */
export class Notifier {
  private readonly options: NotifierOptions;
  private readonly news = new News();
  private readonly receivers = new Map<string, Receiver>();
  private readonly closing = new Set<Promise<void>>();
  private readonly left = new Set<Receiver>();
  private configured: readonly NotifyReceiver[] = [];
  private readonly tally: Record<keyof NotifyCounts, number> = { ...noNotifications() };

  constructor(options: NotifierOptions) {
    this.options = options;
  }

  /** Takes an event that was numbered, and so is in effect. Never throws. */
  tell(stamped: StampedEvent): void {
    this.follow();
    const news = this.news.of(stamped.event, stamped.atMs);
    if (news === null || this.receivers.size === 0) return;
    // Numbers may come again where a store was lost; the name of this start may not.
    const id = `msg_${incarnation}_${stamped.sequence}`;
    const body = bodyOf(stamped, this.options.node());
    for (const receiver of this.receivers.values()) {
      if (receiver.target.events.includes(news.type)) receiver.add({ id, body });
    }
  }

  /** What became of everything so far. */
  get counts(): NotifyCounts {
    const all = [...this.receivers.values(), ...this.left];
    return { ...this.tally, waiting: all.reduce((sum, { waiting }) => sum + waiting, 0) };
  }

  /** Sends what waits, for so long at the most. */
  async close(graceMs: number = LIMITS.notifyCloseMs): Promise<void> {
    const open = [...this.receivers.values()].map(async (receiver) => await receiver.close(graceMs));
    await Promise.all([...open, ...this.closing]);
  }

  /** Goes along with a configuration: a receiver that stays keeps what waits for it. */
  private follow(): void {
    const configured = this.options.receivers();
    if (configured === this.configured) return;
    this.configured = configured;
    const urls = new Set(configured.map(({ url }) => url));
    for (const [url, receiver] of this.receivers) if (!urls.has(url)) this.leave(url, receiver);
    for (const target of configured) {
      const known = this.receivers.get(target.url);
      if (known === undefined) this.receivers.set(target.url, this.open(target));
      else known.target = target;
    }
  }

  private leave(url: string, receiver: Receiver): void {
    this.receivers.delete(url);
    this.left.add(receiver);
    const closed = receiver.close(LIMITS.notifyCloseMs).finally(() => {
      this.closing.delete(closed);
      this.left.delete(receiver);
    });
    this.closing.add(closed);
  }

  private open(target: NotifyReceiver): Receiver {
    const { event, random = systemRandom } = this.options;
    const { origin } = new URL(target.url);
    return new Receiver(target, {
      random,
      counted: (outcome) => (this.tally[outcome] += 1),
      trouble: (ok, message) => event({ type: 'notify', receiver: origin, ok, message }),
    });
  }
}
