import type { Differences } from '../control/schema/differences.ts';
import type { Status } from '../control/schema/status.ts';
import { BOUNDS } from './bounds.ts';
import { addPoint, pointOf } from './points.ts';
import type { Point } from './points.ts';

/** How serious something is, or which lane it is about: told by a word too, never by colour alone. */
export type Tone = 'plain' | 'strong' | 'faint' | 'legacy' | 'candidate' | 'good' | 'warn' | 'bad' | 'loud';

/** Something that happened, in words. */
export interface Happening {
  readonly atMs: number;
  readonly text: string;
  readonly tone: Tone;
}

/** Everything the dashboard knows at one moment; every change makes a new one. */
export interface Known {
  /** The gateway's address, for the title. */
  readonly address: string;
  /** When this became known, milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** The last status that was read. */
  readonly status: Status;
  /** Why the gateway does not answer, and since when; null while it does. */
  readonly lost: { readonly message: string; readonly sinceMs: number } | null;
  readonly points: readonly Point[];
  readonly differences: Differences | null;
  /** Why classes are not known, or not any more. */
  readonly differencesProblem: string | null;
  /** Newest last. */
  readonly events: readonly Happening[];
  readonly eventsProblem: string | null;
}

/** What is known after the first reading. */
export function knownAtFirst(address: string, status: Status, nowMs: number): Known {
  return {
    address,
    nowMs,
    status,
    lost: null,
    points: [pointOf(status)],
    differences: null,
    differencesProblem: null,
    events: [],
    eventsProblem: null,
  };
}

/** Another status was read. */
export function withStatus(known: Known, status: Status, nowMs: number): Known {
  return { ...known, nowMs, status, lost: null, points: addPoint(known.points, pointOf(status)) };
}

/**
 * The gateway did not answer: what was known stays.
 * @param askedMs when it was asked; the first such time is kept
 */
export function withLoss(known: Known, message: string, askedMs: number, nowMs: number): Known {
  return { ...known, nowMs, lost: { message, sinceMs: known.lost?.sinceMs ?? askedMs } };
}

/** Happenings before and after those known; only the newest are kept. */
export function withEvents(known: Known, events: readonly Happening[], nowMs: number): Known {
  return { ...known, nowMs, events: events.slice(-BOUNDS.events), eventsProblem: null };
}
