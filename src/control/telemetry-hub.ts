import { wallMs } from '../core/clock.ts';
import type { CutoverEvent, StampedEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { TelemetryStore } from '../rollout/ports.ts';
import type { ClassCounts, TelemetryDelta, Window } from '../telemetry/types.ts';
import { EvidenceBook } from '../telemetry/class-evidence.ts';
import { WindowKeeper } from '../telemetry/window.ts';
import { DenialLines } from './denial-lines.ts';
import { describeEvent, EventLog } from './event-log.ts';
import { ClassKeeper } from './class-keeper.ts';
import type { LostClasses } from './class-keeper.ts';
import { NewClassLines } from './new-class-lines.ts';
import { StoreBacklog } from './store-backlog.ts';

export interface TelemetryHubOptions {
  readonly windowMs: number;
  /** Tells windows of this process from those of any other; its incarnation if left out. */
  readonly keeper?: string;
  /** A window is complete and on its way to the store. */
  readonly onWindow?: (window: Window) => void;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/**
 * Where all counts, differences and events of this node come together; what fails here stops no request. Until
 * {@link act}, and from {@link standBy} on, another supervisor numbers the events: they are logged and kept.
 */
export class TelemetryHub {
  readonly events: EventLog;
  private store: TelemetryStore | null = null;
  private acting = false;
  private held: CutoverEvent[] = [];
  private readonly keeper: WindowKeeper;
  private readonly backlog: StoreBacklog;
  private readonly options: TelemetryHubOptions;
  private readonly timers: NodeJS.Timeout[];
  private newest: Window | null = null;
  /** What pairs and triples say about the classes of the newest epoch. */
  readonly evidence = new EvidenceBook();
  /** Windows completed since this supervisor started. */
  windows = 0;
  /** Classes of differences that the store holds, as far as known. */
  classes = 0;
  private readonly classKeeper: ClassKeeper;
  private readonly newClassLines = new NewClassLines();
  private readonly denialLines = new DenialLines();

  constructor(options: TelemetryHubOptions) {
    this.options = options;
    this.keeper = new WindowKeeper(options.windowMs, options.keeper);
    this.classKeeper = new ClassKeeper((message) => options.log('warn', message));
    const { windowsUnsaved, classesUnsaved, eventsKept } = LIMITS;
    this.backlog = new StoreBacklog({
      limits: { window: windowsUnsaved, class: classesUnsaved, event: eventsKept },
      onChange: (ok, message) => this.event({ type: 'store', ok, message }),
      log: (message) => options.log('warn', message),
    });
    this.events = new EventLog(0, (event) => this.saveEvent(event));
    this.timers = [
      setInterval(() => this.tick(), LIMITS.deltaIntervalMs),
      setInterval(() => this.sweep(), LIMITS.storeSweepMs),
    ];
  }

  /** What is wrong with the store, or null. */
  get storeTrouble(): string | null {
    return this.backlog.trouble;
  }

  /** What of the classes of this epoch `differences` cannot show. */
  get lostClasses(): LostClasses {
    return { gaveWay: this.classKeeper.gaveWay, unjudged: this.evidence.unjudged };
  }

  /** Everything since this supervisor started. */
  get total(): Window | null {
    return this.keeper.total();
  }

  /** Everything of one epoch, of earlier supervisors too. */
  ofEpoch(epoch: number): Window | null {
    return this.keeper.ofEpoch(epoch);
  }

  /** The newest completed window, or null. */
  get lastWindow(): Window | null {
    return this.newest;
  }

  /**
   * Stores from now on, and learns what the store holds; that fails quietly, because it is for display only.
   * @param lastEventSequence of the newest event stored before
   */
  async act(store: TelemetryStore, lastEventSequence: number): Promise<void> {
    const first = this.store === null;
    this.store = store;
    this.acting = true;
    this.events.resume(lastEventSequence);
    for (const event of this.held.splice(0)) this.events.append(event);
    await this.countClasses();
    if (!first) return;
    const windows = await store.readNewest(LIMITS.storeNewestWindows).catch(() => []);
    this.keeper.recall(windows);
    this.classKeeper.recall(windows);
    const epoch = windows.at(-1)?.epoch ?? 0;
    this.evidence.recall(await store.readEvidence(epoch).catch(() => null));
  }

  /** Stores what there is, windows under way too. */
  async flush(): Promise<void> {
    this.takeWindows(Number.POSITIVE_INFINITY);
    await this.backlog.retry();
  }

  /** Stores what there is, and numbers no more events. What is counted later goes to the store at the close. */
  async standBy(): Promise<void> {
    await this.flush();
    this.acting = false;
  }

  private async countClasses(): Promise<void> {
    const classes = (await this.store?.readClasses(LIMITS.storeClasses).catch(() => [])) ?? [];
    this.classes = classes.length;
  }

  add(delta: TelemetryDelta): void {
    this.keeper.add(delta);
    this.tellDenials(this.denialLines.add(delta.denials ?? [], wallMs()));
    this.evidence.learn(delta);
    this.classKeeper.turnTo(delta.epoch, delta.fromMs);
    // Legacy's noise that the candidate never showed is no difference of the two.
    for (const counts of delta.classes) if (counts.count > 0) this.saveClass(counts, delta.toMs);
  }

  /** A worker died: what it had pending will never be concluded. */
  workerLost(incarnation: string): void {
    if (incarnation !== '') this.keeper.workerLost(incarnation, wallMs());
  }

  /** Tells everybody: log, subscribers, store. */
  event(event: CutoverEvent): void {
    this.publish(event, true);
  }

  private publish(event: CutoverEvent, logged: boolean): void {
    if (logged) this.options.log(levelOf(event), describeEvent(event));
    if (this.acting) this.events.append(event);
    else if (this.held.length < LIMITS.eventsKept) this.held.push(event);
  }

  /** Stores what is complete and what waits; what the store does not take now is given up. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    if (this.store === null) return;
    await this.flush();
    if (this.backlog.length > 0) this.options.log('warn', `${this.backlog.length} records were not stored`);
  }

  private tick(): void {
    const rest = this.newClassLines.takeRest(wallMs());
    if (rest !== null) this.options.log('info', rest);
    this.tellDenials(this.denialLines.takeDue(wallMs()));
    if (!this.acting) return;
    this.takeWindows(wallMs());
    void this.backlog.retry();
  }

  private tellDenials(events: readonly CutoverEvent[]): void {
    for (const event of events) this.event(event);
  }

  private takeWindows(nowMs: number): void {
    const before = this.windows;
    this.takeCompleted(nowMs);
    if (this.windows > before && this.evidence.changed) this.saveEvidence();
  }

  /** With each window, so that a restart loses as little of one as of the other. */
  private saveEvidence(): void {
    this.backlog.add('evidence', async () => await this.store?.putEvidence(this.evidence.stored()));
  }

  private takeCompleted(nowMs: number): void {
    for (const window of this.keeper.takeCompleted(nowMs)) {
      this.newest = window;
      this.windows += 1;
      this.options.onWindow?.(window);
      this.backlog.add('window', () => this.putWindow(window));
    }
  }

  private async putWindow(window: Window): Promise<void> {
    const result = await this.store?.putWindow(window);
    if (result === 'stored' || result === undefined) return;
    const { id, epoch, keeper } = window;
    this.options.log('warn', `the store refused window ${id} of epoch ${epoch} (${keeper}) as ${result}`);
  }

  private saveClass(counts: ClassCounts, seenMs: number): void {
    this.backlog.add('class', async () => {
      const put = await this.store?.putClass(counts, seenMs, this.classKeeper.epochSinceMs);
      if (put === undefined) return;
      this.classKeeper.took(put, counts.id);
      if (put.outcome !== 'new') return;
      this.classes += 1;
      const { endpoint, kind } = counts;
      const event = { type: 'new_class', id: put.id, endpoint, kind, path: put.path } as const;
      this.publish(event, this.newClassLines.mayTell(wallMs()));
    });
  }

  private saveEvent(event: StampedEvent): void {
    this.backlog.add('event', async () => await this.store?.appendEvent(event));
  }

  private sweep(): void {
    if (!this.acting) return;
    this.backlog.add('sweep', async () => {
      await this.store?.sweep(wallMs());
      await this.countClasses();
    });
  }
}

function levelOf(event: CutoverEvent): 'info' | 'warn' | 'error' {
  switch (event.type) {
    case 'snapshot_late':
    case 'kill_switch':
    case 'worker_slow':
    case 'client_denied':
      return 'warn';
    case 'hand_over':
      return event.outcome === 'taken' && !event.forced ? 'info' : 'warn';
    case 'worker_down':
      return event.retryInMs >= 0 ? 'warn' : 'info';
    case 'config':
      return event.accepted ? 'info' : 'error';
    case 'store':
      return event.ok ? 'info' : 'error';
    case 'notify':
      return event.ok ? 'info' : 'warn';
    case 'gate':
      return event.verdict === 'abort' || event.verdict === 'invalid' ? 'warn' : 'info';
    case 'transition':
    case 'snapshot':
    case 'worker_up':
    case 'orphan_drained':
    case 'new_class':
      return 'info';
  }
}
