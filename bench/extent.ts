import type { ToggleWork, Work } from './works.ts';

/** How much is measured. */
export interface Extent {
  readonly mode: 'quick' | 'full';
  /** Fresh processes of every subject. */
  readonly rounds: number;
  /** Windows of each process, alternating with those of the others. */
  readonly windows: number;
  readonly windowSeconds: number;
  readonly warmSeconds: number;
  /** A disturbed window is taken once more, so many times. */
  readonly retakes: number;
  /** No window is begun later than this. */
  readonly budgetSeconds: number;
  /** Cores that strangers may take before a window is dropped. */
  readonly maxDisturbance: number;
  /** Turns of off, on and hung in the work that toggles. */
  readonly toggleTurns: number;
}

/** Extents as they are run; everything else is for trying things out. */
export const EXTENTS: Readonly<Record<'quick' | 'full', Extent>> = {
  quick: {
    mode: 'quick',
    rounds: 3,
    windows: 1,
    windowSeconds: 2,
    warmSeconds: 1,
    retakes: 0,
    budgetSeconds: 140,
    maxDisturbance: 0.3,
    toggleTurns: 4,
  },
  full: {
    mode: 'full',
    rounds: 5,
    windows: 2,
    windowSeconds: 4,
    warmSeconds: 2,
    retakes: 1,
    budgetSeconds: 7_200,
    maxDisturbance: 0.3,
    toggleTurns: 20,
  },
};

/** Start and end of one subject, and what a window takes besides its load. */
const PROCESS_SECONDS = 1.5;
const WINDOW_SECONDS = 0.2;
/** After a switch: copies of the state before have ended by then. */
export const SETTLE_SECONDS = 1;
/** Floods of a round, and what each lets pass before it counts. */
const FLOODS = 2;
export const FLOOD_WARM_SECONDS = 2;

/** Seconds the run is going to take, without retakes. */
export function estimatedSeconds(
  works: readonly Work[],
  toggles: readonly ToggleWork[],
  extent: Extent,
  overloads = false,
): number {
  const windowSeconds = extent.windowSeconds + WINDOW_SECONDS;
  const processSeconds = PROCESS_SECONDS + extent.warmSeconds + extent.windows * windowSeconds;
  const processes = works.reduce((sum, work) => sum + work.subjects.length, 0);
  const turnSeconds = toggles.map(
    ({ states, saturates }) => states.length * (SETTLE_SECONDS + (saturates ? 2 : 1) * windowSeconds),
  );
  const floodSeconds = PROCESS_SECONDS + extent.warmSeconds + FLOOD_WARM_SECONDS + 2 * windowSeconds;
  const ordinary = processes * extent.rounds * processSeconds;
  const toggled = extent.toggleTurns * turnSeconds.reduce((sum, seconds) => sum + seconds, 0);
  const flooded = overloads ? extent.rounds * FLOODS * floodSeconds : 0;
  return Math.min(ordinary + toggled + flooded, extent.budgetSeconds);
}
