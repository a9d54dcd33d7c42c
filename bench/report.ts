import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { benchSchema } from '../src/report/bench-schema.ts';
import type { Bench } from '../src/report/bench-schema.ts';
import { cpuModel } from './cpu.ts';
import type { Row } from './figures.ts';
import type { OverloadResult } from './overload-figures.ts';
import type { Failure } from './run.ts';
import type { Estimate } from './statistics.ts';
import { SUBJECTS } from './subjects/all.ts';
import type { TargetResult } from './targets.ts';
import type { ToggleResult } from './toggle-figures.ts';
import { OVERLOAD } from './works.ts';

/** Everything a run has to say. */
export interface Outcome {
  readonly rows: readonly Row[];
  readonly toggles: readonly ToggleResult[];
  readonly overloads: readonly OverloadResult[];
  readonly targets: readonly TargetResult[];
  readonly failures: readonly Failure[];
}

function machine(): Bench['machine'] {
  return {
    cpu: cpuModel(),
    cores: availableParallelism(),
    memoryMb: totalmem() / 1e6,
    os: `${process.platform} ${process.arch} ${release()}`,
    node: process.versions.node,
    nginx: SUBJECTS.nginx.version(),
    haproxy: SUBJECTS.haproxy.version(),
  };
}

function megabytes(bytes: number | null): number | null {
  return bytes === null || bytes === 0 ? null : bytes / 1e6;
}

function bounds(estimate: Estimate | null): [number, number] | null {
  return estimate === null || estimate.low === null || estimate.high === null
    ? null
    : [estimate.low, estimate.high];
}

/** A latency or rate that no request stands behind is none. */
function seen(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** The row as the report has it; one that was not measured keeps its place, with nulls. */
function reportedRow(row: Row): Bench['rows'][number] {
  const toNginx = row.baseline === 'nginx' ? row.ratio : null;
  return {
    work: row.work,
    subject: row.subject,
    reason: row.reason,
    reqPerCpuSec: row.requestsPerCpuSecond?.value ?? null,
    reqPerSec: row.requestsPerSecond?.value ?? null,
    ratioOf: row.metric === 'requestsPerSecond' ? 'reqPerSec' : 'reqPerCpuSec',
    ratioToNginx: toNginx?.value ?? null,
    interval: bounds(toNginx),
    p50Ms: seen(row.p50Ms),
    p99Ms: seen(row.p99Ms),
    p999Ms: seen(row.p999Ms),
    rssMb: megabytes(row.rssBytes),
    pssMb: megabytes(row.pssBytes),
    workerRssMb: megabytes(row.workerRssBytes),
    processes: row.processes,
    windows: row.windows,
    dropped: row.dropped,
    errors: row.errors,
  };
}

function reportedToggle(result: ToggleResult): Bench['toggles'][number] {
  const { work, subject, reason, turns, windows, dropped, errors } = result;
  return {
    work,
    tolerance: result.tolerance,
    subject,
    reason,
    turns,
    windows,
    dropped,
    errors,
    states: result.states.map(({ requestsPerSecond, ...state }) => ({
      ...state,
      reqPerSec: requestsPerSecond,
    })),
    ratios: result.ratios.map(({ metric, state, ratio, passed }) => ({
      of: metric,
      state,
      ratio: ratio?.value ?? null,
      interval: bounds(ratio),
      turns: ratio?.n ?? 0,
      passed,
    })),
  };
}

/** The report, after its schema has agreed. */
export function benchReport({ rows, toggles, overloads, targets }: Outcome): Bench {
  return benchSchema.parse({
    schemaVersion: 1,
    machine: machine(),
    rows: rows.map(reportedRow),
    toggles: toggles.map(reportedToggle),
    overloads: overloads.map((result) => ({ work: OVERLOAD, subject: 'cutover', ...result })),
    targets,
  });
}

/** Writes the report, and beside it whatever else is known. @returns both files */
export function writeReport(out: string, outcome: Outcome, details: object): readonly [string, string] {
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(benchReport(outcome), null, 2)}\n`);
  const windowsFile = out.replace(/(\.json)?$/, '-windows.json');
  writeFileSync(windowsFile, `${JSON.stringify(details, null, 2)}\n`);
  return [out, windowsFile];
}
