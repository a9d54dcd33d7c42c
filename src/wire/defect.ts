import { LIMITS } from '../core/limits.ts';

let reported = 0;

/** Reports a defect of ours, never of a peer: a handler that threw, whose connection is ended, say. */
export function reportDefect(thrown: unknown): void {
  if (reported >= LIMITS.defectReports) return;
  reported += 1;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  process.emitWarning(`a defect on the wire: ${error.stack ?? error.message}`, 'WireDefect');
}

/** Something that works once at the end of the current turn. */
export interface Ticking {
  onTick(): void;
  onDefect(thrown: unknown): void;
}

const due: Ticking[] = [];

/**
 * Runs `onTick` when everything the kernel had for us in this turn of the event loop was read: what several
 * connections write then leaves in one go. Callers see to it that it is not scheduled twice.
 */
export function scheduleTick(target: Ticking): void {
  if (due.length === 0) setImmediate(runTicks);
  due.push(target);
}

function runTicks(): void {
  for (let index = 0; index < due.length; index += 1) runTick(due[index] as Ticking);
  due.length = 0;
}

function runTick(target: Ticking): void {
  try {
    target.onTick();
  } catch (error) {
    target.onDefect(error);
  }
}
