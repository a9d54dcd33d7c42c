import { monotonicMs, wallMs } from '../core/clock.ts';
import { HeaderFields } from '../core/headers.ts';
import { LIMITS } from '../core/limits.ts';
import { isSafeMethod } from '../core/methods.ts';
import type { Pair } from '../core/observation.ts';
import type { DifferenceRule } from '../core/rules.ts';
import type { ServerConfig } from '../core/snapshot.ts';
import type { Router } from '../gateway/router.ts';
import { EndpointTable } from '../shadow/endpoint.ts';
import { encodeHistogram, newHistogram, recordUs } from '../telemetry/histogram.ts';
import type { CaptureFacts, CaptureFile } from './capture/file.ts';
import type { CaptureItem, CapturedRequest } from './capture/types.ts';
import { PairComparer } from './comparer.ts';
import { isConditional, laneRequestOf, requestIdOf, skippedBecause } from './lane-request.ts';
import type { RequestPolicy } from './lane-request.ts';
import { ReplayLane } from './lane.ts';
import { Ledger } from './ledger.ts';
import { Schedule } from './pace.ts';
import type { Pace } from './pace.ts';
import { endOfComparison, endWithoutComparison } from './pair-end.ts';
import type { WholeAnswers } from './pair-end.ts';
import type { PairEnd } from './result.ts';
import type { ResumeState } from './resume.ts';
import { headerOf, sessionOf } from './session.ts';
import type { SessionBy } from './session.ts';
import { Sessions } from './sessions.ts';
import { ReplayTally } from './tally.ts';
import type { PairSubject, TallyState } from './tally.ts';

const LONGEST_WAIT_MS = 3_600_000;
/** The most that is said to be done while something is not. */
const UNFINISHED = 0.99;

export interface ReplayOptions {
  readonly capture: CaptureFile;
  readonly legacy: ServerConfig;
  readonly candidate: ServerConfig;
  readonly policy: RequestPolicy;
  /** Routes of the configuration, whose path templates name endpoints; null: all are learned. */
  readonly router: Router | null;
  /** What people said about differences. */
  readonly rules: readonly DifferenceRule[];
  readonly sessionBy: SessionBy;
  readonly pace: Pace;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Requests sent at the most; null: all. */
  readonly limit: number | null;
  /** Where an interrupted replay stood, or null. */
  readonly resume: ResumeState | null;
  /** Aborts when the user has had enough. */
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/** What came out. */
export interface ReplayResult {
  readonly capture: CaptureFacts;
  /** Records that are no requests by their nature. */
  readonly others: number;
  /** Why the capture ended before its end, or null. */
  readonly cut: string | null;
  /** All that was asked for was done; false after an interruption. */
  readonly complete: boolean;
  readonly tally: TallyState;
  readonly times: ReplayTimes;
  /** Where it goes on; null when it is complete. */
  readonly resume: Omit<ResumeState, 'schemaVersion' | 'settings'> | null;
}

/** All that depends on clocks and not on answers. */
export interface ReplayTimes {
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  /** How late requests were sent against their pace, encoded histogram of microseconds. */
  readonly behind: string;
}

/** How far it is. */
export interface ReplayProgress {
  /** 0 to 1. */
  readonly done: number;
  readonly sent: number;
  readonly differing: number;
  readonly elapsedMs: number;
}

/** Sends the requests of a capture to both lanes and compares what they answer: once, by {@link Replay.run}. */
export class Replay {
  private readonly options: ReplayOptions;
  private readonly tally = new ReplayTally();
  private readonly ledger = new Ledger(this.tally);
  private readonly sessions: Sessions;
  private readonly endpoints = new EndpointTable();
  private readonly lanes: { readonly legacy: ReplayLane; readonly candidate: ReplayLane };
  private readonly comparer: PairComparer;
  private readonly schedule: Schedule;
  private readonly behind = newHistogram();
  private readonly startMs = monotonicMs();
  private readonly startedAtMs: number;
  private readonly again: Set<number>;
  /** Records read: the ordinal of the next one. */
  private position = 0;
  /** Requests taken out of the capture to be sent, and bytes of their bodies that are held. */
  private taken = 0;
  private heldBytes = 0;
  private wake: (() => void) | null = null;
  /** All that was wanted is done. */
  private isOver = false;

  constructor(options: ReplayOptions) {
    this.options = options;
    const { concurrency, timeoutMs, pace, resume, log } = options;
    const common = { concurrency, timeoutMs, log };
    this.lanes = {
      legacy: new ReplayLane({ lane: 'legacy', server: options.legacy, ...common }),
      candidate: new ReplayLane({ lane: 'candidate', server: options.candidate, ...common }),
    };
    this.comparer = new PairComparer(log);
    this.sessions = new Sessions(concurrency);
    this.schedule = new Schedule(pace);
    this.again = new Set(resume?.again);
    this.startedAtMs = resume?.startedAtMs ?? wallMs();
    if (resume !== null) this.goOn(resume);
  }

  private goOn({ tally }: ResumeState): void {
    this.tally.restore(tally);
    this.taken = tally.counts.sent;
    for (const [endpoint] of tally.endpoints) {
      const space = endpoint.indexOf(' ');
      this.endpoints.endpoint(endpoint.slice(0, space), endpoint.slice(space + 1));
    }
  }

  get progress(): ReplayProgress {
    const { capture, limit } = this.options;
    const { sent, differing } = this.tally.counts;
    const share = limit === null ? 0 : sent / limit;
    const read = capture.bytesRead / Math.max(1, capture.facts.bytes);
    // A short capture is read at once, and everything of it is still to be sent.
    const ended = sent / Math.max(1, sent + this.ledger.open);
    const done = this.isOver ? 1 : Math.min(UNFINISHED, Math.max(share, read * ended));
    return { done, sent, differing, elapsedMs: monotonicMs() - this.startMs };
  }

  /**
   * Runs to the end of the capture, or until the signal aborts.
   * @throws CutoverError CAPTURE when the disk fails
   */
  async run(): Promise<ReplayResult> {
    try {
      const complete = await this.readAll();
      if (!complete) await this.interrupt();
      await this.sessions.settled();
      await this.comparer.settled();
      this.isOver = complete;
      return this.result(complete);
    } finally {
      this.lanes.legacy.close();
      this.lanes.candidate.close();
      await this.comparer.close();
    }
  }

  /** @returns whether all that was wanted was read and is done */
  private async readAll(): Promise<boolean> {
    const { capture, signal } = this.options;
    for await (const batch of capture.batches()) {
      if (signal.aborted) return false;
      for (const item of batch) {
        const step = this.step(item);
        const next = typeof step === 'string' ? step : await step;
        if (next === 'interrupted') return false;
        if (next === 'enough') return await this.untilSettled();
      }
    }
    return await this.untilSettled();
  }

  /** One record: a promise only where it is wanted, so that what was done before an interruption is passed fast. */
  private step(item: CaptureItem): 'next' | 'enough' | Promise<'next' | 'interrupted'> {
    const { resume, limit } = this.options;
    const ordinal = this.position;
    if (limit !== null && this.taken >= limit) return 'enough';
    if (ordinal >= (resume?.position ?? 0) || this.again.has(ordinal)) return this.wanted(item, ordinal);
    this.position = ordinal + 1;
    return 'next';
  }

  private async wanted(item: CaptureItem, ordinal: number): Promise<'next' | 'interrupted'> {
    if (this.options.signal.aborted || !(await this.take(item, ordinal))) return 'interrupted';
    this.position = ordinal + 1;
    this.again.delete(ordinal);
    return 'next';
  }

  /** All was read; the requests under way may still be interrupted. */
  private async untilSettled(): Promise<boolean> {
    const { signal } = this.options;
    while (this.ledger.open > 0 && !signal.aborted) await this.nextEnd();
    return this.ledger.open === 0;
  }

  /** @returns false when the user had enough before it was its turn */
  private async take({ request, why, line }: CaptureItem, ordinal: number): Promise<boolean> {
    const { policy, signal } = this.options;
    const skipped = request === null ? (why ?? 'corrupt') : skippedBecause(request, policy);
    if (request === null || skipped !== null) {
      this.tally.leave(skipped ?? 'corrupt');
      return true;
    }
    while (!this.hasRoom() && !signal.aborted) await this.nextEnd();
    const dueMs = this.startMs + this.schedule.due(request.atMs);
    await this.until(dueMs);
    if (signal.aborted) return false;
    this.enter(request, { ordinal, line, dueMs });
    return true;
  }

  private hasRoom(): boolean {
    return this.ledger.open < LIMITS.replayAhead && this.heldBytes < LIMITS.replayAheadBytes;
  }

  /** Resolves at the next end of a request, or when the user has had enough. */
  private nextEnd(): Promise<void> {
    return this.woken((wake) => {
      this.wake = wake;
      return () => (this.wake = null);
    });
  }

  private async until(dueMs: number): Promise<void> {
    const { signal } = this.options;
    for (let leftMs = dueMs - monotonicMs(); leftMs > 0 && !signal.aborted; leftMs = dueMs - monotonicMs()) {
      // A timer takes 24 days at the most, and captures have gaps of months.
      const waitMs = Math.min(leftMs, LONGEST_WAIT_MS);
      await this.woken((wake) => {
        const timer = setTimeout(wake, waitMs);
        return () => clearTimeout(timer);
      });
    }
  }

  private async woken(start: (wake: () => void) => () => void): Promise<void> {
    const { signal } = this.options;
    if (signal.aborted) return;
    let stop = (): void => {};
    let onAbort = (): void => {};
    await new Promise<void>((resolve) => {
      onAbort = () => resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      stop = start(resolve);
    });
    signal.removeEventListener('abort', onAbort);
    stop();
  }

  private enter(
    request: CapturedRequest,
    { ordinal, line, dueMs }: { readonly ordinal: number; readonly line: number; readonly dueMs: number },
  ): void {
    const { policy, sessionBy, router } = this.options;
    const { method, target, host, headers } = request;
    const [path = ''] = target.split('?', 1);
    const fields = router === null ? null : new HeaderFields([...headers]);
    const templates = router?.match(method, host.toLowerCase(), path, fields, target)?.templates;
    const endpoint = this.endpoints.endpoint(method, path, templates);
    const subject = { line, requestId: requestIdOf(policy.seed, ordinal), endpoint, method, target };
    const end = this.ledger.enter(ordinal, subject, isSafeMethod(method));
    const bytes = request.body?.length ?? 0;
    this.taken += 1;
    this.heldBytes += bytes;
    const over = (found: PairEnd): void => {
      end(found);
      this.heldBytes -= bytes;
      this.wake?.();
    };
    const run = async (): Promise<void> => {
      recordUs(this.behind, (monotonicMs() - dueMs) * 1000);
      await this.ask(request, subject, over);
    };
    this.sessions.add({ session: sessionOf(request, sessionBy), run });
  }

  /** Resolves when both lanes have answered and the pair is on its way to be compared: then its session goes on. */
  private async ask(
    request: CapturedRequest,
    subject: PairSubject,
    over: (end: PairEnd) => void,
  ): Promise<void> {
    const { policy } = this.options;
    const { requestId } = subject;
    const [legacy, candidate] = await Promise.all([
      this.lanes.legacy.ask(laneRequestOf('legacy', request, requestId, policy)),
      this.lanes.candidate.ask(laneRequestOf('candidate', request, requestId, policy)),
    ]);
    const found = endWithoutComparison({ legacy, candidate });
    if ('outcome' in found) over(found);
    else {
      const { rules, legacy: server } = this.options;
      const host = policy.host ?? (request.host || policy.fallbackHost);
      const scheme = headerOf(request, 'x-forwarded-proto') ?? server.scheme;
      const pair = { ...pairOf(request, subject, found), origin: `${scheme}://${host}`, rules };
      await this.comparer.submit(pair, (result) => over(endOfComparison(found, result)));
    }
    legacy?.body.free();
    candidate?.body.free();
  }

  /** Sends nothing more, waits a moment for what is under way, and gives the rest up. */
  private async interrupt(): Promise<void> {
    this.sessions.stop();
    const timer = setTimeout(() => {
      this.lanes.legacy.abandon();
      this.lanes.candidate.abandon();
    }, LIMITS.replayDrainMs);
    await this.sessions.settled();
    clearTimeout(timer);
  }

  private result(complete: boolean): ReplayResult {
    const { capture, resume } = this.options;
    const elapsedMs = (resume?.elapsedMs ?? 0) + monotonicMs() - this.startMs;
    const again = [...this.ledger.close(), ...this.again].toSorted((one, other) => one - other);
    const position = Math.max(this.position, resume?.position ?? 0);
    const facts = capture.facts;
    const state = { capture: facts, position, again, startedAtMs: this.startedAtMs, elapsedMs };
    const goesOn = complete ? null : { ...state, tally: this.tally.state() };
    this.ledger.countUnfinished(again);
    return {
      capture: facts,
      others: capture.others,
      cut: capture.cut,
      complete,
      tally: this.tally.state(),
      times: { startedAtMs: this.startedAtMs, elapsedMs, behind: encodeHistogram(this.behind) },
      resume: goesOn,
    };
  }
}

/** The pair for the diff thread; a replay knows no phases and no routes. */
function pairOf(request: CapturedRequest, subject: PairSubject, { legacy, candidate }: WholeAnswers): Pair {
  return {
    ...subject,
    direction: 'shadow',
    epoch: 0,
    revision: 0,
    route: '',
    region: '',
    conditional: isConditional(request),
    legacy: legacy.captured(),
    candidate: candidate.captured(),
  };
}
