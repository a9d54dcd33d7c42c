import { LIMITS } from '../core/limits.ts';

let reported = 0;

/** Reports a handler that threw: a defect of ours, never of a peer; the connection it happened on is ended. */
export function reportDefect(thrown: unknown): void {
  if (reported >= LIMITS.defectReports) return;
  reported += 1;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  process.emitWarning(`a handler of the wire threw: ${error.stack ?? error.message}`, 'WireDefect');
}

/** Something that works once at the end of the current turn. */
export interface Ticking {
  onTick(): void;
  onDefect(thrown: unknown): void;
}

/** Runs `onTick` after the current call stack, guarded. Callers see to it that it is not scheduled twice. */
export function scheduleTick(target: Ticking): void {
  process.nextTick(runTick, target);
}

function runTick(target: Ticking): void {
  try {
    target.onTick();
  } catch (error) {
    target.onDefect(error);
  }
}
