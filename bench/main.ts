import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wallMs } from '../src/core/clock.ts';
import { benchSchema } from '../src/report/bench-schema.ts';
import type { Bench } from '../src/report/bench-schema.ts';
import { killAllChildren } from '../test/kit/process.ts';
import { cpuModel } from './cpu.ts';
import { MIN_NGINX_LEAD, nginxLead, rowsOf } from './figures.ts';
import type { Row } from './figures.ts';
import { loadTool } from './load.ts';
import { SUBJECTS, measureAll } from './run.ts';
import type { Extent, Sample } from './run.ts';
import { startCommitted } from './subjects/nginx.ts';
import { table } from './table.ts';
import { WORKS } from './works.ts';
import type { Work } from './works.ts';

const USAGE = `node bench/main.ts [--quick] [--work NAME]... [--subject NAME]... [--rounds N] [--max-disturbance CORES] [--out FILE]

  --quick            three fresh processes and one window each; at most 3 minutes
  --work             only this work: ${WORKS.map((work) => work.name).join(', ')}
  --subject          only this subject, and the baseline
  --max-disturbance  cores others may take before a window is dropped (0.3)
  --out              report file (reports/bench.json)
`;

const OUT = fileURLToPath(new URL('../reports/bench.json', import.meta.url));

function extentOf(quick: boolean, rounds: string | undefined, maxDisturbance: string | undefined): Extent {
  const common = { maxDisturbance: Number(maxDisturbance ?? 0.3) };
  if (quick) {
    const extent = {
      mode: 'quick',
      windows: 1,
      windowSeconds: 3,
      warmSeconds: 1,
      budgetSeconds: 120,
    } as const;
    return { ...common, ...extent, rounds: Number(rounds ?? 3) };
  }
  const extent = {
    mode: 'full',
    windows: 4,
    windowSeconds: 4,
    warmSeconds: 2,
    budgetSeconds: 3_600,
  } as const;
  return { ...common, ...extent, rounds: Number(rounds ?? 5) };
}

function chosen(names: readonly string[] | undefined, subjects: readonly string[] | undefined): Work[] {
  const works = WORKS.filter((work) => names === undefined || names.includes(work.name));
  if (subjects === undefined) return works;
  return works.map((work) => ({
    ...work,
    subjects: work.subjects.filter((name) => name === work.baseline || subjects.includes(name)),
  }));
}

function report(rows: readonly Row[]): Bench {
  return {
    schemaVersion: 1,
    machine: {
      cpu: cpuModel(),
      cores: availableParallelism(),
      memoryMb: totalmem() / 1e6,
      os: `${process.platform} ${process.arch} ${release()}`,
      node: process.versions.node,
      nginx: SUBJECTS.nginx.version(),
      haproxy: null,
    },
    rows: rows.map(reported),
  };
}

/** The row as the report has it; one that was not measured keeps its place, with nulls. */
function reported(row: Row): Bench['rows'][number] {
  const { ratio } = row;
  const toNginx = ratio !== null && row.baseline === 'nginx' ? ratio : null;
  return {
    work: row.work,
    subject: row.subject,
    reqPerCpuSec: row.requestsPerCpuSecond?.value ?? null,
    ratioToNginx: toNginx?.value ?? null,
    interval:
      toNginx === null || toNginx.low === null || toNginx.high === null ? null : [toNginx.low, toNginx.high],
    p50Ms: row.p50Ms,
    p99Ms: row.p99Ms,
    rssMb: row.rssBytes === null ? null : row.rssBytes / 1e6,
    processes: row.processes,
    windows: row.windows,
  };
}

/** Writes the report, after the schema has agreed, and every window beside it. */
function write(
  out: string,
  extent: Extent,
  works: readonly Work[],
  rows: readonly Row[],
  samples: readonly Sample[],
): void {
  const versions = Object.fromEntries(
    [...new Set(works.flatMap((work) => work.subjects))].map((name) => [name, SUBJECTS[name].version()]),
  );
  const details = {
    atMs: wallMs(),
    extent,
    versions,
    loadTool: loadTool({ kind: 'closed', connections: 1 }),
    rows,
    samples,
  };
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(benchSchema.parse(report(rows)), null, 2)}\n`);
  const windowsFile = out.replace(/(\.json)?$/, '-windows.json');
  writeFileSync(windowsFile, `${JSON.stringify(details, null, 2)}\n`);
  process.stdout.write(`written to ${out}, every window to ${windowsFile}\n`);
}

async function bench(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      work: { type: 'string', multiple: true },
      subject: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      'max-disturbance': { type: 'string' },
      out: { type: 'string', default: OUT },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const extent = extentOf(values.quick, values.rounds, values['max-disturbance']);
  const cores = availableParallelism();
  const works = chosen(values.work, values.subject);
  const server = await startCommitted('backend.conf');
  const [legacyPort = 0, candidatePort = 0] = [server.ports['legacyServer'], server.ports['candidateServer']];
  const possible = works.filter((work) => work.cores <= cores);
  let samples: Sample[] = [];
  try {
    samples = await measureAll(possible, extent, { legacyPort, candidatePort, pid: server.pid }, (text) =>
      process.stderr.write(`${text}\n`),
    );
  } finally {
    await server.stop();
  }
  const rows = works.flatMap((work) => rowsOf(work, samples, cores));
  process.stdout.write(`\n${table(rows)}\n\n`);
  write(values.out, extent, works, rows, samples);
  return verdict(rows);
}

/** A run with errors or a crippled rival is void, whatever its figures. */
function verdict(rows: readonly Row[]): number {
  const failing = rows.filter((row) => row.errors > 0);
  for (const row of failing)
    process.stdout.write(`void: ${row.work} ${row.subject} had ${row.errors} errors\n`);
  const lead = nginxLead(rows);
  if (lead !== null) process.stdout.write(`nginx is ${lead.toFixed(2)} × node:http per CPU-second\n`);
  const crippled = lead !== null && lead < MIN_NGINX_LEAD;
  if (crippled)
    process.stdout.write(`void: nginx must be at least ${MIN_NGINX_LEAD} × node:http to be a rival\n`);
  return failing.length > 0 || crippled ? 1 : 0;
}

let code = 1;
try {
  code = await bench();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
} finally {
  killAllChildren();
}
process.exit(code);
