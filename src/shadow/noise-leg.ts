// HOT: one object and one timer per chosen request.
import { failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { CapturedAnswer, Outcome, PairResult } from '../core/observation.ts';
import type { Outbound, OutboundHandler, ResponseHead } from '../wire/types.ts';
import { AnswerCopy, areTold } from './answer-copy.ts';
import type { Region } from './body-memory.ts';
import type { Copy, CopyCall } from './copy.ts';
import type { NoiseDesk } from './noise.ts';

/** What became of the two comparisons of a triple; null: it was lost on its way. */
type Half = PairResult | null | 'open';

/**
 * The noise leg (A/A) of one copy: legacy is asked once more, and its second answer is compared with its first by the
 * same rules. What differs then is no fault of the candidate. Every leg that was sent is concluded once.
 */
export class NoiseLeg implements OutboundHandler {
  /** It leaves before the copy does. */
  readonly first: boolean;
  /** Called once, when nothing will be done for this leg any more. */
  onOver: (() => void) | null = null;
  private readonly copy: Copy;
  private readonly desk: NoiseDesk;
  private readonly start: CopyCall;
  private readonly second: AnswerCopy;
  private call: Outbound | null = null;
  private timer: NodeJS.Timeout | null = null;
  /** Legacy's first answer, once the copy has ended; and what the copy ended with when there is none. */
  private usual: CapturedAnswer | null = null;
  private legacy: AnswerCopy | null = null;
  /** Keeps the body of `usual` in its place. */
  private held: Region | null = null;
  private lost: Outcome | null = null;
  private running = false;
  private reserved = 0;
  private pairResult: Half = 'open';
  private noiseResult: Half = 'open';

  constructor(copy: Copy, desk: NoiseDesk, start: CopyCall, first: boolean) {
    this.copy = copy;
    this.desk = desk;
    this.start = start;
    this.first = first;
    this.second = new AnswerCopy(desk.budget, copy.limits.answerBytes, copy.mirror.memory);
  }

  /** Asks legacy again. @param body of the request, kept by the copy too */
  send(body: Buffer): void {
    this.copy.cell.noise.send();
    this.desk.asked();
    this.running = true;
    this.timer = setTimeout(() => this.timeOut(), this.copy.limits.timeoutMs);
    this.call = this.start(body, this, this);
  }

  onSent(): void {
    this.second.sent();
  }
  onInform(_status: number, _fields: HeaderFields): void {
    // As for the copy: nothing to compare.
  }
  onHead(head: ResponseHead): void {
    this.second.head(head);
  }
  onData(chunk: Buffer): void {
    this.second.body.add(chunk);
  }
  onWritable(): void {
    // The whole body was handed over at once.
  }
  onEnd(): void {
    this.ended(null);
  }
  onFailure(code: FailureCode): void {
    this.ended(code);
  }

  private timeOut(): void {
    if (!this.running) return;
    this.call?.abort();
    this.ended('total_timeout');
  }

  private ended(failed: FailureCode | null): void {
    if (!this.running) return;
    this.running = false;
    if (this.timer !== null) clearTimeout(this.timer);
    this.second.end(failed);
    this.desk.answered(failed);
    this.settle();
  }

  /**
   * The copy has ended: this is legacy's first answer, or why there is none. What it holds is held here too from now
   * on.
   */
  copyEnded(legacy: AnswerCopy, lost: 'client_aborted' | 'diff_dropped' | null): void {
    this.lost = lost ?? this.keep(legacy);
    if (this.lost !== null && this.running) {
      this.call?.abort();
      return this.ended('aborted');
    }
    this.settle();
  }

  private keep(legacy: AnswerCopy): Outcome | null {
    if (legacy.body.overflowed === 'budget') return 'diff_dropped';
    const usual = legacy.captured();
    const bytes = usual.body.byteLength;
    if (!this.desk.budget.reserve(bytes)) return 'diff_dropped';
    this.reserved = bytes;
    this.usual = usual;
    this.held = legacy.body.hold();
    this.legacy = legacy;
    return null;
  }

  /** Compares once both answers of legacy are there. */
  private settle(): void {
    const { usual } = this;
    if (this.running || (usual === null && this.lost === null)) return;
    const outcome = this.lost ?? this.failedAs();
    this.drift();
    if (outcome !== null || usual === null) return this.conclude(outcome ?? 'diff_dropped');
    const { subject } = this.copy;
    // Its own name in the queue of the diff thread: the pair of the same request may be waiting there too.
    const requestId = `${subject.requestId} noise`;
    const pair = { ...subject, requestId, legacy: usual, candidate: this.second.captured() };
    const taken = this.copy.mirror.compareNoise(pair, (result) => this.compared(result));
    if (!taken) this.conclude('diff_dropped');
  }

  /** Two answers of one legacy fail and dawdle alike, or copies are not what they should be. */
  private drift(): void {
    const { legacy, second, copy } = this;
    if (legacy === null || !copy.evidence) return;
    copy.cell.noise.drift('error', second.bad, legacy.bad);
    if (copy.tauUs !== undefined)
      copy.cell.noise.drift('tail', second.slow(copy.tauUs), legacy.slow(copy.tauUs));
  }

  private failedAs(): Outcome | null {
    const { legacy, second } = this;
    const { failed, body } = second;
    if (failed !== null) return failure(failed).status === 504 ? 'timed_out' : 'shadow_failed';
    const large = body.overflowed === 'limit' || legacy?.body.overflowed === 'limit';
    if (large && (legacy === null || !areTold(second, legacy))) return 'response_too_large';
    return body.overflowed === 'budget' ? 'diff_dropped' : null;
  }

  private compared(result: PairResult | null): void {
    const known = result?.undecided === true ? null : result;
    this.conclude(result === null ? 'diff_dropped' : known === null ? 'response_too_large' : 'compared');
    this.noiseResult = known;
    this.join();
  }

  /** What the pair of the copy showed; null when it was not compared, or is no evidence. */
  pairCompared(result: PairResult | null): void {
    this.pairResult = result;
    this.join();
  }

  private join(): void {
    const { pairResult, noiseResult } = this;
    if (pairResult === 'open' || noiseResult === 'open') return;
    if (pairResult !== null && noiseResult !== null)
      this.copy.mirror.triple(this.copy, pairResult, noiseResult);
  }

  private conclude(outcome: Outcome): void {
    this.copy.cell.noise.conclude(outcome);
    this.desk.budget.held -= 1;
    this.desk.budget.release(this.reserved);
    this.second.body.free();
    this.held?.release();
    this.held = null;
    this.usual = null;
    this.onOver?.();
  }
}
