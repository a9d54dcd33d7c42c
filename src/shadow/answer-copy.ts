// HOT: one object per captured answer.
import { failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import { monotonicUs } from '../core/clock.ts';
import type { CapturedAnswer } from '../core/observation.ts';
import type { ResponseHead } from '../wire/types.ts';
import { BodyCopy } from './body-copy.ts';
import type { BodyMemory } from './body-memory.ts';
import type { CopyBudget } from './budget.ts';

/** One lane's answer while it arrives, for comparison. */
export class AnswerCopy {
  readonly body: BodyCopy;
  private status = 0;
  private fields: readonly string[] = [];
  private sentUs = -1;
  private firstByteUs = -1;
  private endUs = -1;
  failed: FailureCode | null = null;

  /** @param memory where its body is kept; null: on the heap */
  constructor(budget: CopyBudget, limitBytes: number, memory: BodyMemory | null = null) {
    this.body = new BodyCopy(budget, limitBytes, { hashes: true, memory });
  }

  /** The request went out: service time starts. */
  sent(): void {
    this.sentUs = monotonicUs();
  }

  head(head: ResponseHead): void {
    this.firstByteUs = monotonicUs();
    this.status = head.status;
    this.fields = head.fields.flat().slice();
    this.body.announced(head.contentLength);
  }

  /** The answer ended, completely or by a failure that the gateway answers in the lane's place. */
  end(failed: FailureCode | null): void {
    this.endUs = monotonicUs();
    this.failed = failed;
    if (failed !== null) {
      this.status = failure(failed).status;
      this.fields = [];
    }
  }

  /** Whether the lane has begun to answer. */
  get begun(): boolean {
    return this.firstByteUs >= 0;
  }

  /** Its status; 0 when the lane gave no answer: what the gateway said in its place is no status of the lane. */
  get answered(): number {
    return this.failed === null ? this.status : 0;
  }

  /** Whether the answer counts as bad: status 500 or above, or a failure that is the lane's and not the gateway's. */
  get bad(): boolean {
    return this.failed === null ? this.status >= 500 : failure(this.failed).blame === 'lane';
  }

  /** Request sent → last byte, microseconds; -1 when nothing was sent. */
  get serviceUs(): number {
    return this.sentUs < 0 || this.endUs < 0 ? -1 : this.endUs - this.sentUs;
  }

  /** Whether it took longer than a threshold, microseconds; an answer that never came did. */
  slow(tauUs: number): boolean {
    return this.failed !== null || this.serviceUs > tauUs;
  }

  /** Whether the body came with a content coding: two encodings of one content are not the same bytes. */
  get encoded(): boolean {
    const { fields } = this;
    for (let index = 0; index < fields.length; index += 2) {
      const isCoding = fields[index]?.toLowerCase() === 'content-encoding';
      if (isCoding && fields[index + 1]?.trim().toLowerCase() !== 'identity') return true;
    }
    return false;
  }

  /** The answer as a record. */
  captured(): CapturedAnswer {
    const failed = this.failed !== null;
    return {
      status: this.answered,
      fields: this.fields,
      body: failed ? new Uint8Array() : this.body.body(),
      bodyBytes: failed ? 0 : this.body.bytes,
      bodyHash: failed ? null : this.body.hash(),
      firstByteUs: this.firstByteUs < 0 || this.sentUs < 0 ? -1 : this.firstByteUs - this.sentUs,
      totalUs: this.serviceUs,
    };
  }
}

/** Whether an answer over the limit has a content coding: nobody can say what its content is, or how long. */
export function isUnreadable(...answers: readonly AnswerCopy[]): boolean {
  return answers.some(({ body, encoded }) => body.overflowed === 'limit' && encoded);
}

/**
 * Whether bodies over the limit can be held against each other: their hashes are equal, or neither has a coding, under
 * which the same content may be other bytes. One that was kept is decoded, so that only the other one matters.
 */
export function areTold(answer: AnswerCopy, original: AnswerCopy): boolean {
  const large = [answer, original].filter(({ body }) => body.overflowed === 'limit');
  if (large.some(({ body }) => body.hash() === null)) return false;
  if (large.every(({ encoded }) => !encoded)) return true;
  const [one, other] = large;
  return other !== undefined && one?.body.hash() === other.body.hash();
}
