import { BOUNDS } from '../bounds.ts';
import { column, wrapped } from '../rows.ts';
import type { Measure, Row, Section } from '../rows.ts';
import type { ClassView, DifferencesView, EventsView } from '../view/lists.ts';

/** Below it an example of a class has no room beside its place. */
const ROOMY = 70;
const NOTE_LINES = 3;

/** The largest classes of differences. */
export function differencesSection(differences: DifferencesView, measure: Measure): Section {
  const { classes } = differences;
  const rows = [...classRows(classes.slice(0, BOUNDS.classesInOverview), measure), note(differences)];
  return { title: 'Differences', rows, keep: 1 };
}

/** All classes with their ids: the pane. */
export function differencesPane(differences: DifferencesView, measure: Measure): Section {
  const { classes } = differences;
  const ids = column(
    classes.map(({ id }) => id),
    16,
  );
  const rows = classRows(classes, { ...measure, width: measure.width - ids - 1 });
  const named = rows.map((row, at): Row => {
    return [{ text: classes[at]?.id ?? '', width: ids, tone: 'faint' }, ...row];
  });
  return { title: 'Differences', rows: [...notes(differences, measure), ...named], keep: rows.length + 1 };
}

/** The last events, newest first. */
export function eventsSection(list: EventsView): Section {
  const rows = list.events.slice(0, BOUNDS.eventsInOverview).map(eventRow);
  return { title: 'Events', rows: list.note === '' ? rows : [note(list), ...rows], keep: 1 };
}

/** All events that are kept: the pane. */
export function eventsPane(list: EventsView, measure: Measure): Section {
  const rows = [...notes(list, measure), ...list.events.map(eventRow)];
  return { title: 'Events, newest first', rows, keep: rows.length };
}

function classRows(classes: readonly ClassView[], { width }: Measure): Row[] {
  const counts = column(
    classes.map(({ count }) => count),
    10,
  );
  const kinds = column(
    classes.map(({ kind }) => kind),
    'header_missing'.length,
  );
  const places = column(
    classes.map(({ where }) => where),
    Math.floor((width - counts - kinds) * 0.6),
  );
  return classes.map(({ count, kind, where, example }) => {
    const start: Row = [
      { text: count, width: counts, right: true },
      { text: kind, tone: 'strong', width: kinds },
    ];
    return width < ROOMY
      ? [...start, { text: where }]
      : [...start, { text: where, width: places }, { text: example, tone: 'faint' }];
  });
}

function eventRow({ clock, text, tone }: EventsView['events'][number]): Row {
  return [
    { text: clock, tone: 'faint', width: 8 },
    { text, tone },
  ];
}

type Note = Pick<DifferencesView, 'note' | 'noteTone'>;

function note({ note: text, noteTone: tone }: Note): Row {
  return [{ text, tone }];
}

/** The note in full, or nothing when there is none. */
function notes({ note: text, noteTone: tone }: Note, { width }: Measure): Row[] {
  return text === '' ? [] : wrapped(text, width, NOTE_LINES).map((part) => [{ text: part, tone }]);
}
