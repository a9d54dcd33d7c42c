import type { Row } from './figures.ts';
import type { Estimate } from './statistics.ts';

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
  'memory',
  'server',
  'windows',
];

function number(value: number | null, digits = 0): string {
  return value === null || !Number.isFinite(value) ? '-' : value.toFixed(digits);
}

function interval(estimate: Estimate | null, digits: number): string {
  if (estimate === null || estimate.low === null) return '-';
  return `${number(estimate.low, digits)}…${number(estimate.high, digits)}`;
}

function mebibytes(row: Row): string {
  const bytes = row.pssBytes === null || row.pssBytes === 0 ? row.rssBytes : row.pssBytes;
  return bytes === null ? '-' : `${number(bytes / 1024 ** 2)} MiB`;
}

function cells(row: Row): string[] {
  if (row.status === 'not measurable') return [row.work, row.subject, `not measurable: ${row.reason}`];
  return [
    row.work,
    row.subject,
    number(row.requestsPerCpuSecond?.value ?? null),
    interval(row.requestsPerCpuSecond, 0),
    row.ratio === null ? '(1)' : number(row.ratio.value, 3),
    interval(row.ratio, 2),
    number(row.requestsPerSecond?.value ?? null),
    number(row.p50Ms, 2),
    number(row.p99Ms, 2),
    mebibytes(row),
    number(row.serverRequests, 2),
    `${row.windows}${row.dropped > 0 ? ` (${row.dropped} dropped)` : ''}${row.errors > 0 ? `, ${row.errors} errors` : ''}`,
  ];
}

/** The rows as aligned text. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.filter((line) => line.length === HEAD.length).map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
