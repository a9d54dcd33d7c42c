// HOT: counters and one queue push per pair.
import { failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { isSafeMethod } from '../core/methods.ts';
import type { Difference, Outcome, Pair, PairResult } from '../core/observation.ts';
import type { Direction, ShadowConfig } from '../core/snapshot.ts';
import type { CopyCell } from '../telemetry/cells.ts';
import type { ClassTable } from '../telemetry/classes.ts';
import { isFailure } from '../core/status-kind.ts';
import { statusPath } from '../diff/status.ts';
import { recordUs } from '../telemetry/histogram.ts';
import { isSameClass } from '../telemetry/classes.ts';
import type { ClassSource } from '../telemetry/classes.ts';
import type { Tallies } from '../telemetry/tallies.ts';
import { type AnswerCopy, isUnreadable } from './answer-copy.ts';
import { BodyMemory } from './body-memory.ts';
import { CopyBudget } from './budget.ts';
import { Copy } from './copy.ts';
import type { CopySubject } from './copy.ts';
import { NoiseDesk } from './noise.ts';
import { Silence } from './silence.ts';

/** Where complete pairs go. */
export interface PairSink {
  /**
   * Hands one pair over; `done` is called once, later, with the result, or with null when it was lost on the way.
   * @returns false when it was refused: `done` is not called then
   */
  compare(pair: Pair, done: (result: PairResult | null) => void): boolean;
}

/** Why a sampled request is not copied. */
export type CopyRefusal = 'dropped' | 'candidate_saturated';

export interface MirrorOptions {
  readonly sink: PairSink;
  readonly classes: ClassTable;
  /** Target and fields of a request, safe to store. */
  readonly mask: (subject: CopySubject) => ReturnType<ClassSource['masked']>;
  readonly shadow: ShadowConfig;
  /** How long copies took, for metrics. */
  readonly tallies: Tallies;
  /** Microseconds of a clock that only goes forward. */
  readonly nowUs?: (() => number) | undefined;
}

/** Copies to legacy all go to one lane; a name that no route has. */
const LEGACY = ' legacy';

/** How long the cap has to be crowded before it is the candidate's doing: copies that time out empty it again. */
function patienceUs({ timeoutMs }: ShadowConfig): number {
  return Math.min(LIMITS.saturatedMs, timeoutMs / 2) * 1_000;
}

function laneOf(direction: Direction, route: string): string {
  return direction === 'shadow' ? route : LEGACY;
}

/** All copies of one worker: their budget, their pairs, their verdicts. */
export class Mirror {
  readonly budget: CopyBudget;
  /** Bodies of answers, those of noise legs too. */
  readonly memory = new BodyMemory();
  private readonly silence = new Silence();
  readonly noise: NoiseDesk;
  limits: ShadowConfig;
  private readonly options: MirrorOptions;
  private readonly warm: Record<Direction, number> = { shadow: 0, reverse: 0 };
  /** Pairs handed to the diff thread and not answered. */
  comparing = 0;

  constructor(options: MirrorOptions) {
    this.options = options;
    this.limits = options.shadow;
    this.budget = new CopyBudget(options.shadow.maxInFlight, options.shadow.maxBytes, options.nowUs);
    this.budget.patienceUs = patienceUs(options.shadow);
    this.noise = new NoiseDesk(options.shadow);
  }

  /** Takes new limits; copies that run keep what they hold. */
  configure(shadow: ShadowConfig): void {
    this.limits = shadow;
    this.budget.configure(shadow.maxInFlight, shadow.maxBytes);
    this.budget.patienceUs = patienceUs(shadow);
    this.noise.configure(shadow);
  }

  /** Copies and noise legs that are not concluded. */
  get running(): number {
    return this.budget.held + this.noise.budget.held + this.comparing;
  }

  /** Begins a copy of a sampled request; it is sent when its body is complete. */
  begin(subject: CopySubject, cell: CopyCell, tauUs: number | undefined): Copy {
    return new Copy(this, subject, cell, tauUs);
  }

  started({ direction, route }: CopySubject): void {
    this.budget.held += 1;
    this.budget.ask();
    this.silence.asked(laneOf(direction, route));
  }

  /** A copy has its answer, or will not get one. */
  answered({ direction, route }: CopySubject, failed: FailureCode | null): void {
    this.budget.answer();
    this.silence.answered(laneOf(direction, route), failed);
  }

  released(): void {
    this.budget.held -= 1;
  }

  /** Why no copy may be sent now, or null. Asked before anything is made for one, and again when it would leave. */
  refusal(direction: Direction, route: string): CopyRefusal | null {
    const room = this.budget.room();
    const isSilent = room === 'free' && this.silence.isFull(laneOf(direction, route));
    if (room === 'free' && !isSilent) return null;
    return room !== 'full' && direction === 'shadow' ? 'candidate_saturated' : 'dropped';
  }

  /** Counts a refusal. A candidate that does not answer the copies it has counts as one that failed this one. */
  refuse(cell: CopyCell, why: CopyRefusal, method: string): void {
    cell.decide(why);
    if (why !== 'candidate_saturated') return;
    cell.judge('error', true, false);
    if (!isSafeMethod(method)) cell.writePairs += 1;
  }

  /** Counts the joint outcome of errors and of the tail, and both latencies, once both lanes have ended. */
  judge(copy: Copy): void {
    copy.evidence = !isUndecided(copy.answer.failed) && this.isEvidence(copy);
    if (!copy.evidence) return;
    const { cell, original, answer, subject, tauUs } = copy;
    const [candidate, legacy] = subject.direction === 'shadow' ? [answer, original] : [original, answer];
    cell.judge('error', candidate.bad, legacy.bad);
    if (!isSafeMethod(subject.method)) cell.writePairs += 1;
    if (answer.serviceUs >= 0) recordUs(cell.copyLatency, answer.serviceUs);
    if (original.serviceUs >= 0) recordUs(cell.originalLatency, original.serviceUs);
    if (tauUs === undefined) return;
    cell.judge('tail', candidate.slow(tauUs), legacy.slow(tauUs));
  }

  /** The first pairs after a start meet cold caches. A pair is counted under the epoch it began with. */
  private isEvidence({ subject, cell }: Copy): boolean {
    const { direction } = subject;
    const cold = this.warm[direction] < LIMITS.warmUpPairs;
    if (cold) this.warm[direction] += 1;
    if (!cold) return true;
    cell.excluded += 1;
    return false;
  }

  /**
   * One answer of a pair is too large to keep and the other is not: they differ, whatever their bytes, unless the large one
   * has a content coding: another compressor makes another length. Of two that are both too large nothing is known.
   */
  unequal(copy: Copy): void {
    const { cell, subject, original, answer, evidence } = copy;
    const [candidate, legacy] = subject.direction === 'shadow' ? [answer, original] : [original, answer];
    const tooLarge = (side: typeof answer): boolean => side.body.overflowed === 'limit';
    if (!evidence || tooLarge(candidate) === tooLarge(legacy) || isUnreadable(legacy, candidate)) return;
    cell.judge('difference', true, false);
    const said = (side: typeof answer): string =>
      tooLarge(side) ? 'larger than answerLimit' : 'within answerLimit';
    const difference = {
      kind: 'body_bytes',
      path: 'body',
      legacy: said(legacy),
      candidate: said(candidate),
    } as const;
    this.options.classes.pair(this.sourceOf(copy), [difference]);
  }

  /**
   * The candidate gave no answer where legacy gave one: a class of its own, that must not be missing because there is
   * nothing to compare. A failure that is the gateway's or the client's says nothing about it. In the reverse direction
   * the client waited for the candidate, and the pair is compared, unless it waited in vain.
   */
  noAnswer(copy: Copy): void {
    const { subject, original, answer } = copy;
    if (subject.direction === 'reverse') {
      if (copy.outwaited) this.regressed(copy, String(answer.answered), 'none while the client waited');
      return;
    }
    const code = answer.failed;
    if (code === null || failure(code).blame !== 'lane') return;
    const unserved = original.failed;
    if (unserved !== null && failure(unserved).blame !== 'lane') return;
    this.regressed(copy, unserved ?? String(original.answered), code);
  }

  private regressed(copy: Copy, legacy: string, candidate: string): void {
    const answered = copy.subject.direction === 'shadow' ? copy.original.answered : copy.answer.answered;
    const both = isFailure(answered);
    const kind = both ? 'both_failed' : 'regressed';
    const path = both ? 'status' : statusPath(answered, 0);
    this.options.classes.pair(this.sourceOf(copy), [{ kind, path, legacy, candidate }]);
  }

  private sourceOf({ subject, original, answer, evidence }: Copy): ClassSource {
    const [candidate, legacy] = subject.direction === 'shadow' ? [answer, original] : [original, answer];
    const masked = (): ReturnType<ClassSource['masked']> => this.options.mask(subject);
    return {
      ...subject,
      evidence,
      masked,
      legacy: exampleAnswer(legacy),
      candidate: exampleAnswer(candidate),
    };
  }

  /** Counts what became of a copy that was sent, and how long it took, microseconds. */
  conclude({ cell, subject }: Copy, outcome: Outcome, us: number): void {
    cell.conclude(outcome);
    this.options.tallies.copy(subject.direction, outcome, us);
  }

  /** Hands a complete pair to the diff thread; false when there is no room. */
  compare(copy: Copy): boolean {
    const { subject, original, answer } = copy;
    const [candidate, legacy] = subject.direction === 'shadow' ? [answer, original] : [original, answer];
    const pair: Pair = { ...subject, legacy: legacy.captured(), candidate: candidate.captured() };
    const taken = this.options.sink.compare(pair, (result) => this.compared(copy, result));
    if (taken) this.comparing += 1;
    return taken;
  }

  private compared(copy: Copy, result: PairResult | null): void {
    this.comparing -= 1;
    if (result === null) return copy.conclude('diff_dropped');
    if (result.undecided === true) return copy.conclude('response_too_large');
    const { cell } = copy;
    const { improvedOnly } = result;
    // A failure is judged as an error. Counted as a difference, too, it would stand there without what legacy fails by itself.
    const told = !copy.original.bad && !copy.answer.bad;
    if (copy.evidence && told) cell.judge('difference', result.found > 0 && !improvedOnly, improvedOnly);
    if (result.ignored.length > 0) cell.ignore(result.ignored, result.found === 0);
    const { classes } = this.options;
    // Most pairs agree: nothing is made for them.
    if (result.differences.length > 0) classes.pair(this.sourceOf(copy), result.differences);
    else if (copy.evidence) classes.agreed(copy.subject, 'pairs');
    copy.conclude('compared');
    copy.leg?.pairCompared(copy.evidence ? result : null);
  }

  /** Hands both answers of legacy to the diff thread; false when there is no room. */
  compareNoise(pair: Pair, done: (result: PairResult | null) => void): boolean {
    return this.options.sink.compare(pair, done);
  }

  /** Counts one triple: what the candidate's answer showed beside what legacy's own second answer did. */
  triple(copy: Copy, pair: PairResult, noise: PairResult): void {
    copy.cell.noise.judge(
      hasAlone(pair.differences, noise.differences),
      hasAlone(noise.differences, pair.differences),
    );
    const { classes } = this.options;
    const silent = pair.differences.length + noise.differences.length === 0;
    if (silent) classes.agreed(copy.subject, 'triples');
    else classes.triple(this.sourceOf(copy), pair.differences, noise.differences);
  }
}

/** Whether one side shows a class that the other one does not; a failure of legacy that is none any more is no fault. */
function hasAlone(these: readonly Difference[], others: readonly Difference[]): boolean {
  return these.some((one) => one.kind !== 'improved' && !others.some((other) => isSameClass(one, other)));
}

function exampleAnswer(answer: AnswerCopy): ClassSource['legacy'] {
  return { status: answer.answered, bodyBytes: answer.body.bytes, totalUs: answer.serviceUs };
}

/** The gateway itself could not tell whether the candidate would have let it pass: nothing is known about the pair. */
function isUndecided(failed: FailureCode | null): boolean {
  return failed === 'keys_unavailable' || failed === 'verifier_busy';
}
