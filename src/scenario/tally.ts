import type { LatencyHistogram } from '../telemetry/histogram.ts';
import { newHistogram, recordUs } from '../telemetry/histogram.ts';

/** What the clients of a rehearsal saw. */
export interface ClientResult {
  readonly requests: number;
  /** Requests without a complete answer, by code in `errorCodes`. */
  readonly errors: number;
  readonly errorCodes: Readonly<Record<string, number>>;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Errors, and answers with a status of 500 or more. */
  readonly bad: number;
  /** Latency from the moment a request was due to the end of its answer; null without answers. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

const LOWEST_BAD_STATUS = 500;

/** Counts what clients see. Every request ends in exactly one of the two. */
export class ClientTally {
  private readonly latency: LatencyHistogram = newHistogram();
  private readonly statuses = new Map<string, number>();
  private readonly errorCodes = new Map<string, number>();
  private bad = 0;

  answered(status: number, latencyMs: number): void {
    recordUs(this.latency, latencyMs * 1_000);
    add(this.statuses, String(status));
    if (status >= LOWEST_BAD_STATUS) this.bad += 1;
  }

  failed(code: string): void {
    add(this.errorCodes, code);
    this.bad += 1;
  }

  result(): ClientResult {
    const errors = sum(this.errorCodes);
    const answers = sum(this.statuses);
    const quantile = (percent: number): number | null =>
      answers === 0 ? null : this.latency.getValueAtPercentile(percent) / 1_000;
    return {
      requests: answers + errors,
      errors,
      errorCodes: Object.fromEntries(this.errorCodes),
      statuses: Object.fromEntries(this.statuses),
      bad: this.bad,
      p50Ms: quantile(50),
      p99Ms: quantile(99),
      maxMs: answers === 0 ? null : this.latency.maxValue / 1_000,
    };
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
