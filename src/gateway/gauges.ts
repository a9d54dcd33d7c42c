import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { WorkerGauges } from '../telemetry/types.ts';

/** Reads the levels of this process. */
export class ProcessGauges {
  private readonly delay = monitorEventLoopDelay({ resolution: 10 });

  private rssBytes = 0;

  constructor() {
    this.delay.enable();
  }

  /** Event-loop delay (p99 since the previous call) and memory, beside what the caller counts. */
  read(counted: Omit<WorkerGauges, 'rssBytes' | 'loopDelayMs'>): WorkerGauges {
    // The monitor's own 10 ms interval is part of what it measures.
    const loopDelayMs = Math.max(0, Math.round(this.delay.percentile(99) / 1e4) / 100 - 10);
    this.delay.reset();
    return { ...counted, rssBytes: this.readRss(), loopDelayMs };
  }

  /** Reading it opens a file: without a free descriptor the last value stands. */
  private readRss(): number {
    try {
      this.rssBytes = process.memoryUsage.rss();
    } catch {
      // EMFILE: the worker serves on, so must its report.
    }
    return this.rssBytes;
  }

  close(): void {
    this.delay.disable();
  }
}
