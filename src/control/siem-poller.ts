import { setTimeout as sleep } from 'node:timers/promises';
import type { IndexerConfig } from '../siem/queries.ts';
import { monotonicMs } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { SiemReading } from '../rollout/gates/siem.ts';
import { IndexerClient } from '../siem/indexer-client.ts';
import { readAlerts } from '../siem/reader.ts';
import type { Ours } from '../siem/reader.ts';

export interface SiemPollerOptions {
  readonly indexer: IndexerConfig;
  /** Name of this gateway in its lines. */
  readonly node: string;
  readonly ours: Ours;
  /** The epoch now, and the regions that the plan has steps for. */
  readonly about: () => { readonly epoch: number; readonly regions: readonly string[] };
  /** Takes every answer; must not throw. */
  readonly hear: (readings: readonly SiemReading[]) => void;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/**
 * Asks the SIEM every `interval`, one question at a time, in every phase: what is wrong is said before it matters. After
 * an answer that is lost or says nothing it asks once more at once.
 */
export class SiemPoller {
  private readonly options: SiemPollerOptions;
  private readonly client: IndexerClient;
  private readonly ended = new AbortController();
  private readonly loop: Promise<void>;
  private said: string | null = null;
  /** Answers so far: those that count, and those that say nothing. */
  readonly answers = { valid: 0, odd: 0 };

  constructor(options: SiemPollerOptions) {
    this.options = options;
    this.client = new IndexerClient(options.indexer);
    this.loop = this.run();
  }

  /** Ends the question under way, and asks no more. */
  async close(): Promise<void> {
    this.ended.abort();
    await this.loop;
    await this.client.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.ended;
    const { intervalMs } = this.options.indexer;
    let wasLost = false;
    while (!signal.aborted) {
      const askedMs = monotonicMs();
      const isLost = (await this.ask()) === 'lost';
      // An answer that is lost must not delay what the next one says; a SIEM that is down is left in peace.
      const pauseMs = isLost && !wasLost ? Math.min(LIMITS.siemAgainMs, intervalMs) : intervalMs;
      wasLost = isLost;
      const restMs = Math.max(0, pauseMs - (monotonicMs() - askedMs));
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async ask(): Promise<'heard' | 'lost'> {
    const { indexer, node, ours, about, hear, log } = this.options;
    const { epoch, regions } = about();
    if (regions.length === 0) return 'heard';
    try {
      const question = { node, epoch, regions: regions.slice(0, LIMITS.siemRegions) };
      const readings = await readAlerts(this.client, indexer, question, ours, this.ended.signal);
      if (this.ended.signal.aborted) return 'heard';
      this.tell(readings);
      hear(readings);
      return readings.every(({ odd }) => odd === null) ? 'heard' : 'lost';
    } catch (error) {
      log('warn', `the SIEM was not asked: ${messageOf(error)}`);
      return 'lost';
    }
  }

  /** Said when it changes. */
  private tell(readings: readonly SiemReading[]): void {
    const odd = readings[0]?.odd ?? null;
    this.answers[odd === null ? 'valid' : 'odd'] += 1;
    const kind = odd?.replace(/\d+/g, '0') ?? null;
    if (kind === this.said) return;
    this.said = kind;
    if (odd === null) this.options.log('info', 'the SIEM answers, and has our heartbeats');
    else this.options.log('warn', `the SIEM says nothing that counts: ${odd}`);
  }
}
