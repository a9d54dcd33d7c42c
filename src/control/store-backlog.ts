import { messageOf } from '../core/errors.ts';

/** One thing to store. */
interface Job {
  readonly kind: string;
  readonly run: () => Promise<void>;
  /** Failures with successes of others in between: an outage of all is nobody's fault, however long. */
  failures: number;
  /** Successes of others when it failed last. */
  successesThen: number;
}

export interface BacklogOptions {
  /** Jobs kept per kind; the oldest of the kind is given up for a new one. */
  readonly limits: Readonly<Record<string, number>>;
  /** The store failed, or works again. Called on a change only. */
  readonly onChange: (ok: boolean, message: string) => void;
  readonly log: (message: string) => void;
}

/** A job that failed so often while others went through is given up. */
const POISON_FAILURES = 3;

/**
 * What waits to be stored, in order, one at a time. A store that fails keeps nobody waiting: jobs stay here, up
 * to their limit, and are tried again with the next {@link retry}.
 */
export class StoreBacklog {
  private readonly options: BacklogOptions;
  private readonly jobs: Job[] = [];
  private running: Promise<void> | null = null;
  private successes = 0;
  /** Null while the store works. */
  trouble: string | null = null;
  /** Jobs given up, because of their limit or because the store refuses them. */
  lost = 0;

  constructor(options: BacklogOptions) {
    this.options = options;
  }

  get length(): number {
    return this.jobs.length;
  }

  /** Puts a job at the end. A store that is known to fail is not asked before the next {@link retry}. */
  add(kind: string, run: () => Promise<void>): void {
    if (this.isFull(kind)) {
      this.jobs.splice(
        this.jobs.findIndex((job) => job.kind === kind),
        1,
      );
      this.lost += 1;
    }
    this.jobs.push({ kind, run, failures: 0, successesThen: 0 });
    if (this.trouble === null) void this.retry();
  }

  /** Works through the jobs until one fails. Never throws. */
  async retry(): Promise<void> {
    this.running ??= this.work().finally(() => (this.running = null));
    await this.running;
  }

  private isFull(kind: string): boolean {
    return this.jobs.filter((job) => job.kind === kind).length >= (this.options.limits[kind] ?? 1);
  }

  private async work(): Promise<void> {
    for (;;) {
      const job = this.jobs.shift();
      if (job === undefined) return;
      try {
        await job.run();
      } catch (error) {
        this.failed(job, messageOf(error));
        return;
      }
      this.successes += 1;
      if (this.trouble !== null) this.options.onChange(true, 'the store works again');
      this.trouble = null;
    }
  }

  private failed(job: Job, message: string): void {
    if (job.failures === 0 || this.successes > job.successesThen) job.failures += 1;
    job.successesThen = this.successes;
    if (job.failures >= POISON_FAILURES) {
      this.lost += 1;
      this.options.log(`a ${job.kind} was given up: ${message}`);
      return;
    }
    if (this.isFull(job.kind)) this.lost += 1;
    else this.jobs.push(job);
    const changed = this.trouble === null;
    this.trouble = message;
    if (changed) this.options.onChange(false, message);
  }
}
