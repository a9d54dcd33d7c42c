import { LIMITS } from '../core/limits.ts';

let reported = 0;

/** Reports a defect of ours, never of a peer: a handler that threw, whose connection is ended, say. */
export function reportDefect(thrown: unknown): void {
  if (reported >= LIMITS.defectReports) return;
  reported += 1;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  process.emitWarning(`a defect on the wire: ${error.stack ?? error.message}`, 'WireDefect');
}
