// HOT: one push for each connection that has something to write; one immediate for all of them.

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
