import { CANDIDATES } from './candidates.ts';
import { BASES, BURSTS, CLEAN, EXCESSES, FACTORS, MARGINS, RATES, RULES, SIZES, WHOLE } from './tables.ts';
import { comparisonId } from './tables.ts';
import type { RuleName } from './tables.ts';
import type { CellResult, TableData } from './table-data.ts';

const SECONDS_PER_WINDOW = 10;
const PAIRS_PER_FINE_WINDOW = 100;

type Cells = TableData['cells'];

/** What the rules are called. */
const NAMES: Readonly<Record<RuleName, string>> = {
  gate: 'Cutover',
  'argo-0': 'Argo Rollouts, failureLimit 0',
  'argo-3': 'Argo Rollouts, failureLimit 3',
  flagger: 'Flagger',
  k6: 'k6',
};

/** Every generated part of the documents, by the name of its markers. */
export function partsOf({ cells }: TableData): Readonly<Record<string, string>> {
  return {
    detection: detection(cells),
    proofs: proofs(cells),
    whole: whole(cells),
    late: late(cells),
    bursts: bursts(cells),
    tails: tails(cells),
    comparison: comparison(cells),
    'comparison-summary': summary(cells),
  };
}

/** Puts parts between their markers; a part without markers is left out. */
export function withParts(text: string, parts: Readonly<Record<string, string>>): string {
  let changed = text;
  for (const [name, part] of Object.entries(parts)) {
    const [begin, end] = [`<!-- montecarlo:${name} -->`, `<!-- /montecarlo:${name} -->`];
    const [from, to] = [changed.indexOf(begin), changed.indexOf(end)];
    if (from < 0 || to < from) continue;
    changed = `${changed.slice(0, from + begin.length)}\n${part}\n${changed.slice(to)}`;
  }
  return changed;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cellOf(cells: Cells, id: string): CellResult {
  const cell = cells[id];
  if (cell === undefined) throw new Error(`the tables have no cell "${id}": run npm run montecarlo:tables`);
  return cell;
}

const count = (value: number): string => value.toLocaleString('en-US');

/** Median and 90th percentile of windows, times something; a dash where fewer runs are ever decided. */
function times({ median, most }: CellResult, factor = 1): string {
  const part = (windows: number | null): string => (windows === null ? '-' : count(windows * factor));
  return `${part(median)} / ${part(most)}`;
}

function percent(events: number, { reps }: { readonly reps: number }): string {
  return `${Math.round((100 * events) / reps)} %`;
}

/** `3m 20s`, `1h 2m`. */
function span(windows: number | null): string {
  if (windows === null) return '-';
  const seconds = windows * SECONDS_PER_WINDOW;
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return minutes === 0 ? `${hours}h` : `${hours}h ${minutes}m`;
  return rest === 0 ? `${minutes}m` : minutes === 0 ? `${rest}s` : `${minutes}m ${rest}s`;
}

function detection(cells: Cells): string {
  return table(
    ['errors worse by', ...SIZES.map((pairs) => `windows, ${pairs} pairs each`)],
    EXCESSES.map((points) => [
      `${points} pp`,
      ...SIZES.map((pairs) => times(cellOf(cells, `detect ${pairs} +${points}`))),
    ]),
  );
}

function proofs(cells: Cells): string {
  return table(
    ['errors of each lane alone', ...MARGINS.map((margin) => `pairs, margin ${margin} pp`)],
    BASES.map((base) => [
      `${base} %`,
      ...MARGINS.map((margin) => times(cellOf(cells, `prove ${base} ${margin}`), PAIRS_PER_FINE_WINDOW)),
    ]),
  );
}

function whole(cells: Cells): string {
  return table(
    ['pairs in a window', 'ready within a day', 'rolled back', 'half are ready after', 'nine of ten after'],
    WHOLE.map((pairs) => {
      const cell = cellOf(cells, `whole ${pairs}`);
      return [
        count(pairs),
        percent(cell.ready, cell),
        percent(cell.abort, cell),
        span(cell.median),
        span(cell.most),
      ];
    }),
  );
}

function late(cells: Cells): string {
  return table(
    ['clean pairs before', 'windows until it is stopped'],
    CLEAN.map((clean) => {
      const { median, most } = cellOf(cells, `late ${clean}`);
      const after = clean / PAIRS_PER_FINE_WINDOW;
      const since = (windows: number | null): string => (windows === null ? '-' : count(windows - after));
      return [count(clean), `${since(median)} / ${since(most)}`];
    }),
  );
}

function bursts(cells: Cells): string {
  return table(
    [
      'windows with a burst',
      'mean excess',
      'ready',
      'aborted',
      'undecided after a day',
      'half are decided after',
    ],
    BURSTS.map((share) => {
      const cell = cellOf(cells, `burst ${share}`);
      const mean = `${Number((share * 0.05).toPrecision(2))} pp`;
      const shares = [cell.ready, cell.abort, cell.none].map((events) => percent(events, cell));
      return [`${share} %`, mean, ...shares, span(cell.median)];
    }),
  );
}

function tails(cells: Cells): string {
  return table(
    ['times of the candidate', 'ready', 'aborted', 'pairs'],
    FACTORS.map((factor) => {
      const cell = cellOf(cells, `tail ${factor}`);
      const change = Math.round((factor - 1) * 100);
      const name = change === 0 ? 'the same' : `${change > 0 ? '+' : ''}${change} %`;
      const shares = [cell.ready, cell.abort].map((events) => percent(events, cell));
      return [name, ...shares, times(cell, PAIRS_PER_FINE_WINDOW)];
    }),
  );
}

function comparison(cells: Cells): string {
  const rows = RATES.flatMap((rate) =>
    CANDIDATES.map((candidate) => {
      const told = RULES.map((rule) => {
        const cell = cellOf(cells, comparisonId(rate, candidate, rule));
        const shares = `${percent(cell.ready, cell)} / ${percent(cell.abort, cell)}`;
        return rule === 'gate' ? `${shares} (${span(cell.median)})` : shares;
      });
      return [count(rate), candidate.name, ...told];
    }),
  );
  return table(['requests a minute', 'candidate', ...RULES.map((rule) => NAMES[rule])], rows);
}

/** The extremes of the rates that are worth a place on the first page. */
const SHOWN_RATES = [100, 10_000];

function summary(cells: Cells): string {
  const rows = SHOWN_RATES.flatMap((rate) =>
    RULES.map((rule) => {
      const found = CANDIDATES.map((candidate) => ({
        candidate,
        cell: cellOf(cells, comparisonId(rate, candidate, rule)),
      }));
      const bad = found.filter(({ candidate }) => !candidate.good).map(({ cell }) => cell);
      const good = found.filter(({ candidate }) => candidate.good).map(({ cell }) => cell);
      const sum = (all: readonly CellResult[], pick: (cell: CellResult) => number): number =>
        all.reduce((total, cell) => total + pick(cell), 0);
      const share = (all: readonly CellResult[], pick: (cell: CellResult) => number): string =>
        percent(sum(all, pick), { reps: sum(all, (cell) => cell.reps) });
      return [
        NAMES[rule],
        count(rate),
        share(bad, (cell) => cell.ready),
        share(good, (cell) => cell.abort),
        share(good, (cell) => cell.ready),
        span(good[0]?.median ?? null),
      ];
    }),
  );
  const head = ['rule', 'requests a minute', 'bad ones promoted', 'good ones rolled back'];
  return table([...head, 'good ones promoted', 'after'], rows);
}
