import type { Differences } from '../../control/schema/differences.ts';
import type { Happening, Known, Tone } from '../known.ts';
import * as figures from '../../report/figures.ts';
import * as words from '../words.ts';

/** One class of differences. */
export interface ClassView {
  readonly id: string;
  readonly count: string;
  readonly kind: string;
  readonly where: string;
  /** `10.5 -> "10.50"`, or ''. */
  readonly example: string;
}

export interface DifferencesView {
  readonly classes: readonly ClassView[];
  /** What to say about the list: how many there are, or why it is empty. */
  readonly note: string;
  readonly noteTone: Tone;
}

export interface EventView {
  readonly clock: string;
  readonly text: string;
  readonly tone: Tone;
}

export interface EventsView {
  /** Newest first. */
  readonly events: readonly EventView[];
  readonly note: string;
  readonly noteTone: Tone;
}

/** The largest classes, and why they are not known when they are not. */
export function differencesView({ differences, differencesProblem, status }: Known): DifferencesView {
  const classes = (differences?.classes ?? []).map(classView);
  if (differencesProblem !== null)
    return { classes, note: `not read: ${words.clean(differencesProblem)}`, noteTone: 'warn' };
  if (differences === null)
    return {
      classes,
      note: `${words.counted(status.classes, 'class')} known, being read`,
      noteTone: 'faint',
    };
  const pairs = words.counted(differences.compared, 'compared pair');
  const known = differences.total === 0 ? 'none' : words.counted(differences.total, 'class');
  return { classes, note: `${known} in ${pairs}${verdicts(differences)}`, noteTone: 'faint' };
}

/** `: 3 unexplained, 5 noise` of this epoch, where legacy is compared with itself. */
function verdicts({ verdicts: counts, classes }: Differences): string {
  if (counts === undefined || !classes.some(({ judgement }) => (judgement?.triples ?? 0) > 0)) return '';
  return `: ${figures.count(counts.unexplained)} unexplained, ${figures.count(counts.noise)} noise`;
}

function classView({ id, count, kind, endpoint, path, example }: Differences['classes'][number]): ClassView {
  return {
    id: words.clean(id),
    count: `${figures.count(count)}x`,
    kind,
    where: words.clean(`${endpoint}  ${path}`),
    example:
      example === null ? '' : `${value(example.difference.legacy)} -> ${value(example.difference.candidate)}`,
  };
}

function value(text: string | null): string {
  return text === null ? '(absent)' : words.clean(text);
}

/** What happened, newest first. */
export function eventsView({ events, eventsProblem }: Known): EventsView {
  const shown = events.toReversed().map(eventView);
  if (eventsProblem !== null)
    return { events: shown, note: `not followed: ${words.clean(eventsProblem)}`, noteTone: 'warn' };
  return { events: shown, note: shown.length === 0 ? 'nothing yet' : '', noteTone: 'faint' };
}

function eventView({ atMs, text, tone }: Happening): EventView {
  return { clock: words.clock(atMs), text: words.clean(text), tone };
}
