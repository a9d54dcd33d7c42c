import type { Row } from './figures.ts';
import type { Estimate } from './statistics.ts';
import type { OverloadResult } from './overload-figures.ts';
import type { TargetResult } from './targets.ts';
import type { ToggleResult } from './toggle-figures.ts';

const HEAD = [
  'work',
  'subject',
  'req/CPU-s',
  '95 %',
  'ratio',
  '95 %',
  'req/s',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'memory',
  'copies',
  'windows',
];

const MEBIBYTE = 1024 ** 2;

function number(value: number | null, digits = 0): string {
  return value === null || !Number.isFinite(value) ? '-' : value.toFixed(digits);
}

function interval(estimate: Estimate | null, digits: number): string {
  if (estimate === null || estimate.low === null) return '-';
  return `${number(estimate.low, digits)}…${number(estimate.high, digits)}`;
}

function mebibytes(row: Row): string {
  const bytes = row.pssBytes === null || row.pssBytes === 0 ? row.rssBytes : row.pssBytes;
  return bytes === null ? '-' : `${number(bytes / MEBIBYTE)} MiB`;
}

function counts(windows: number, dropped: number, errors: number): string {
  const drops = dropped > 0 ? ` (${dropped} dropped)` : '';
  return `${windows}${drops}${errors > 0 ? `, ${errors} errors` : ''}`;
}

function cells(row: Row): string[] {
  if (row.status === 'not measurable') {
    const dropped = row.dropped > 0 ? ` (${row.dropped} dropped)` : '';
    return [row.work, row.subject, `not measurable: ${row.reason}${dropped}`];
  }
  return [
    row.work,
    row.subject,
    number(row.requestsPerCpuSecond?.value ?? null),
    interval(row.requestsPerCpuSecond, 0),
    row.ratio === null ? (row.subject === row.baseline ? '(1)' : '-') : number(row.ratio.value, 3),
    interval(row.ratio, 2),
    number(row.requestsPerSecond?.value ?? null),
    number(row.p50Ms, 2),
    number(row.p99Ms, 2),
    number(row.p999Ms, 2),
    mebibytes(row),
    number(row.copies, 3),
    counts(row.windows, row.dropped, row.errors),
  ];
}

/** Lines of cells, aligned; a line shorter than the head has its last cell as long as it likes. */
function align(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [head, ...lines];
  const widths = head.map((_, column) =>
    Math.max(...all.map((line) => (column < line.length - 1 ? (line[column]?.length ?? 0) : 0))),
  );
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The rows as aligned text. */
export function table(rows: readonly Row[]): string {
  return align(HEAD, rows.map(cells));
}

/** What clients of one process saw while its shadow was switched. */
export function toggleTable(results: readonly ToggleResult[]): string {
  const head = [
    'work',
    'subject',
    'state',
    'req/s',
    'first = 1',
    '95 %',
    'p99 ms',
    'first = 1',
    '95 %',
    'copies',
    'forged/s',
    'windows',
  ];
  const lines = results.flatMap((result) => {
    if (result.status === 'not measurable')
      return [[result.work, result.subject, `not measurable: ${result.reason}`]];
    return result.states.map((state) => {
      const find = (metric: string) =>
        result.ratios.find((one) => one.metric === metric && one.state === state.state)?.ratio ?? null;
      const [throughput, p99] = [find('throughput'), find('p99')];
      return [
        result.work,
        result.subject,
        state.state,
        number(state.requestsPerSecond),
        number(throughput?.value ?? null, 3),
        interval(throughput, 3),
        number(state.p99Ms, 2),
        number(p99?.value ?? null, 3),
        interval(p99, 3),
        number(state.copies, 3),
        number(state.flooded),
        String(state.windows),
      ];
    });
  });
  return align(head, lines);
}

/** What a worker does that is asked for three times what it can serve. */
export function overloadTable(work: string, results: readonly OverloadResult[]): string {
  const head = [
    'work',
    'guard',
    'capacity/s',
    'asked ×',
    'served ×',
    'refused %',
    'busy %',
    'p50 ms',
    'p99 ms',
    'workers',
  ];
  const lines = results.map((result) => {
    if (result.reason !== null) return [work, result.guard, `not measurable: ${result.reason}`];
    const { guard, capacityPerSecond, offered, served, p50Ms, p99Ms, processes } = result;
    const percent = (share: number | null) => number(share === null ? null : share * 100);
    const refused = [percent(result.refusedShare), percent(result.busyShare)];
    const figures = [number(offered, 2), number(served, 2), ...refused, number(p50Ms), number(p99Ms)];
    return [work, guard, number(capacityPerSecond), ...figures, String(processes)];
  });
  return align(head, lines);
}

/** Which promises this run kept. */
export function targetTable(results: readonly TargetResult[]): string {
  const head = ['work', 'target', 'figure', '95 %', '', 'note'];
  const lines = results.map(({ work, target, figure, interval: bounds, state, note }) => [
    work,
    target,
    number(figure, 2),
    bounds === null ? '-' : `${number(bounds[0], 2)}…${number(bounds[1], 2)}`,
    state,
    note,
  ]);
  return align(head, lines);
}
