// HOT: push is a ring write; every 32nd one packs what does not plainly agree. No promise, no timer per pair.
import { BoundedQueue } from '../core/bounded-queue.ts';
import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { CapturedAnswer, Difference, Pair, PairResult } from '../core/observation.ts';
import type { DifferenceRule, RuleHits } from '../core/rules.ts';
import { agree } from '../diff/agree.ts';
import { type DiffWorker, startDiffWorker } from './diff-worker.ts';
import { type DiffAnswer, heldBytes, packBatch, SlabNumbers, type UnequalPair } from './pack.ts';

/** An answer without what the comparison alone needs. */
type AnswerMeta = Omit<CapturedAnswer, 'fields' | 'body' | 'bodyHash'>;
/** A pair without its bodies and headers: what is still known about it while it is compared. */
export type PairMeta = Omit<Pair, 'legacy' | 'candidate' | 'origin' | 'rules'> & {
  readonly legacy: AnswerMeta;
  readonly candidate: AnswerMeta;
};

/** Why a pair was not compared after it had been accepted. */
export type DropReason = 'thread_failed' | 'closed';

/** Hears exactly one end of every pair that was accepted. Its functions must not throw. */
interface DiffQueueHandler {
  onCompared(pair: PairMeta, result: PairResult): void;
  onDropped(pair: PairMeta, reason: DropReason): void;
}

/** Pairs on their way to the diff thread. */
export interface DiffQueue {
  /**
   * Takes a pair over; its bodies must not be changed afterwards.
   * @returns false when there is no room (or after `close`): the pair was not taken, no end will be reported, and
   * the caller counts it as `diff_dropped` itself
   */
  push(pair: Pair): boolean;
  /** Pairs accepted whose end was not reported yet; 0 after a drain. */
  readonly length: number;
  /** Drops what has no result yet (`closed`) and ends the thread. */
  close(): Promise<void>;
}

/** Bounds that tests make small; the defaults are `LIMITS`. */
interface DiffQueueLimits {
  readonly queuePairs: number;
  readonly queueBytes: number;
  readonly threadPairs: number;
  readonly hangMs: number;
  readonly restartMinMs: number;
}

export interface DiffQueueOptions {
  readonly handler: DiffQueueHandler;
  /** Told when a thread is gone and after how many milliseconds the next one starts. */
  readonly onThreadFailed?: (why: string, retryInMs: number) => void;
  readonly limits?: Partial<DiffQueueLimits>;
  /** Another thread, for tests. */
  readonly threadUrl?: URL;
}

/**
 * Pairs that are settled together. Those that plainly agree are not sent, only settled with the others: which pairs
 * are lost with a thread must not depend on what they say.
 */
interface Batch {
  readonly metas: readonly PairMeta[];
  /** Place in `metas` of each pair that was sent. */
  readonly sent: readonly number[];
  readonly bytes: number;
}

const NO_DIFFERENCES: readonly Difference[] = [];
const NO_HITS: readonly RuleHits[] = [];
const NO_RULES: readonly DifferenceRule[] = [];

/** Makes the queue of one worker; its diff thread starts with the first pair. */
export function createDiffQueue(options: DiffQueueOptions): DiffQueue {
  return new Queue(options);
}

class Queue implements DiffQueue {
  private readonly options: DiffQueueOptions;
  private readonly limits: DiffQueueLimits;
  private readonly waiting: BoundedQueue<Pair>;
  private readonly batchPairs: number;
  private waitingBytes = 0;
  /** Handed to the thread and not answered, by number of the batch. */
  private readonly batches = new Map<number, Batch>();
  private threadPairs = 0;
  private threadBytes = 0;
  private lastBatch = 0;
  private lastRules = 0;
  /** The rules that the thread holds. */
  private told: { readonly worker: DiffWorker; readonly list: readonly DifferenceRule[] } | null = null;
  private worker: DiffWorker | null = null;
  /** What `worker` knows of shared memory. */
  private slabs = new SlabNumbers();
  private restartMs: number;
  private batchTimer: NodeJS.Timeout | null = null;
  private restartTimer: NodeJS.Timeout | null = null;
  private readonly watchdog: NodeJS.Timeout;
  private suspect = false;
  /** A worker that copies nothing has no thread: 7 to 13 MB (`npm run bench -- --work four-workers`). */
  private started = false;
  private closed = false;

  constructor(options: DiffQueueOptions) {
    this.options = options;
    this.limits = {
      queuePairs: LIMITS.diffQueuePairs,
      queueBytes: LIMITS.diffQueueBytes,
      threadPairs: LIMITS.diffThreadPairs,
      hangMs: LIMITS.diffHangMs,
      restartMinMs: LIMITS.restartMinMs,
      ...options.limits,
    };
    this.waiting = new BoundedQueue(this.limits.queuePairs);
    this.batchPairs = Math.min(LIMITS.diffBatchPairs, this.limits.threadPairs);
    this.restartMs = this.limits.restartMinMs;
    this.watchdog = setInterval(() => this.watch(), this.limits.hangMs).unref();
  }

  get length(): number {
    return this.waiting.length + this.threadPairs;
  }

  push(pair: Pair): boolean {
    const bytes = heldBytes(pair);
    if (this.closed || this.waitingBytes + this.threadBytes + bytes > this.limits.queueBytes) return false;
    if (!this.waiting.push(pair)) return false;
    if (!this.started) this.start();
    this.waitingBytes += bytes;
    if (this.waiting.length >= LIMITS.diffBatchPairs || this.waitingBytes >= LIMITS.diffBatchBytes)
      this.flush();
    else this.armBatchTimer();
    return true;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.watchdog);
    if (this.batchTimer !== null) clearTimeout(this.batchTimer);
    if (this.restartTimer !== null) clearTimeout(this.restartTimer);
    const { worker } = this;
    this.worker = null;
    this.dropBatches('closed');
    for (let pair = this.waiting.shift(); pair !== undefined; pair = this.waiting.shift()) {
      this.options.handler.onDropped(metaOf(pair), 'closed');
    }
    this.waitingBytes = 0;
    await worker?.end();
  }

  private hasFullBatch(): boolean {
    return this.waiting.length >= this.batchPairs || this.waitingBytes >= LIMITS.diffBatchBytes;
  }

  private armBatchTimer(): void {
    this.batchTimer ??= setTimeout(() => {
      this.batchTimer = null;
      this.flush();
    }, LIMITS.diffBatchMs).unref();
  }

  /** Hands over whatever the thread may have; the rest waits for its next answer. */
  private flush(): void {
    while (this.worker !== null && this.waiting.length > 0) {
      const room = this.limits.threadPairs - this.threadPairs;
      if (room < Math.min(this.batchPairs, this.waiting.length)) return;
      this.sendBatch(this.worker);
    }
  }

  private sendBatch(worker: DiffWorker): void {
    const metas: PairMeta[] = [];
    const pairs: Pair[] = [];
    const sent: number[] = [];
    let bytes = 0;
    const rules = this.waiting.peek()?.rules ?? NO_RULES;
    while (metas.length < this.batchPairs && bytes < LIMITS.diffBatchBytes) {
      // A batch has one set of rules: what began under others goes with the next one.
      const next = this.waiting.peek();
      if (next === undefined || (next.rules ?? NO_RULES) !== rules) break;
      const pair = this.waiting.shift() as Pair;
      bytes += heldBytes(pair);
      if (!agree(pair)) {
        sent.push(metas.length);
        pairs.push(pair);
      }
      metas.push(metaOf(pair));
    }
    this.waitingBytes -= bytes;
    this.lastBatch += 1;
    this.batches.set(this.lastBatch, { metas, sent, bytes });
    this.threadPairs += metas.length;
    this.threadBytes += bytes;
    const number = this.numberOf(rules, worker);
    worker.send(packBatch(this.lastBatch, number, pairs, this.slabs));
  }

  /** The number that the thread knows these rules by; it is told when they are others than before. */
  private numberOf(list: readonly DifferenceRule[], worker: DiffWorker): number {
    if (list.length === 0) return 0;
    if (this.told?.worker !== worker || this.told.list !== list) {
      this.lastRules += 1;
      this.told = { worker, list };
      worker.sendRules({ rules: this.lastRules, list });
    }
    return this.lastRules;
  }

  private onAnswer({ batch, unequal, failed }: DiffAnswer): void {
    const settled = this.batches.get(batch);
    if (settled === undefined) return;
    this.forget(batch, settled);
    this.suspect = false;
    this.restartMs = this.limits.restartMinMs;
    const found = unequal === '' ? [] : (JSON.parse(unequal) as UnequalPair[]);
    const results = new Map(found.map(({ index, result }) => [settled.sent[index], result]));
    const lost = new Set(failed.map((index) => settled.sent[index]));
    for (const [index, meta] of settled.metas.entries()) {
      if (lost.has(index)) this.options.handler.onDropped(meta, 'thread_failed');
      else this.options.handler.onCompared(meta, results.get(index) ?? noDifference(meta));
    }
    // While the timer runs, a batch that is not full may still fill.
    if (this.batchTimer === null || this.hasFullBatch()) this.flush();
  }

  private forget(number: number, batch: Batch): void {
    this.batches.delete(number);
    this.threadPairs -= batch.metas.length;
    this.threadBytes -= batch.bytes;
  }

  private dropBatches(reason: DropReason): void {
    for (const [number, batch] of this.batches) {
      this.forget(number, batch);
      for (const meta of batch.metas) this.options.handler.onDropped(meta, reason);
    }
  }

  private start(): void {
    this.started = true;
    this.restartTimer = null;
    try {
      const worker = startDiffWorker(
        {
          onAnswer: (answer) => this.onAnswer(answer),
          onGone: (why) => this.onGone(worker, why),
        },
        this.options.threadUrl,
      );
      this.worker = worker;
      this.slabs = new SlabNumbers();
    } catch (thrown) {
      this.restartLater(messageOf(thrown));
    }
  }

  private onGone(worker: DiffWorker, why: string): void {
    if (this.worker !== worker) return;
    this.worker = null;
    this.suspect = false;
    this.dropBatches('thread_failed');
    this.restartLater(why);
  }

  private restartLater(why: string): void {
    if (this.closed) return;
    this.options.onThreadFailed?.(why, this.restartMs);
    this.restartTimer = setTimeout(() => {
      this.start();
      this.flush();
    }, this.restartMs).unref();
    this.restartMs = Math.min(this.restartMs * 2, LIMITS.restartMaxMs);
  }

  /** Ends a thread that had work at two looks and answered nothing in between. */
  private watch(): void {
    if (this.batches.size === 0) return;
    // After a stall of this thread the answers are still in the mail: they are read before the immediate runs.
    if (this.suspect) setImmediate(() => this.endSuspect());
    this.suspect = true;
  }

  private endSuspect(): void {
    if (this.suspect) void this.worker?.end();
  }
}

function noDifference(meta: PairMeta): PairResult {
  const { requestId } = meta;
  return { requestId, differences: NO_DIFFERENCES, found: 0, ignored: NO_HITS, improvedOnly: false };
}

function metaOf(pair: Pair): PairMeta {
  return {
    requestId: pair.requestId,
    direction: pair.direction,
    epoch: pair.epoch,
    revision: pair.revision,
    route: pair.route,
    region: pair.region,
    endpoint: pair.endpoint,
    method: pair.method,
    target: pair.target,
    conditional: pair.conditional,
    legacy: answerMeta(pair.legacy),
    candidate: answerMeta(pair.candidate),
  };
}

function answerMeta({ status, bodyBytes, firstByteUs, totalUs }: CapturedAnswer): AnswerMeta {
  return { status, bodyBytes, firstByteUs, totalUs };
}
