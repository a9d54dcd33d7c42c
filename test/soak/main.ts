import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AT_ONCE } from '../kit/chaos-idle.ts';
import { measureIdle } from './idle.ts';
import { soak } from './soak.ts';
import { soakSite } from './site.ts';

// `npm run soak [-- --minutes N --idle N]`: mixed traffic with a line a minute, then a crowd of idle connections. Exit
// code 1 with the reason when something leaks or fails.

const MIB = 2 ** 20;
const MINUTE_MS = 60_000;

/**
 * Bounds of what may be gained after the warm-up. Memory: three processes of 100 to 190 MiB whose collectors are lazy;
 * at 240 requests/s over 20 minutes, 90 bytes lost per request are found. Descriptors: as many as slow clients come
 * and go; one lost in 9,000 requests is found.
 */
const BOUNDS = { rssBytes: 24 * MIB, descriptors: 32 };

/** A worker and this process have a descriptor for each of them. */
const IDLE_CONNECTIONS = 10_000;
const IDLE_MS = 60_000;
const OTHER_DESCRIPTORS = 500;
/** Measured: 6 KiB. */
const MOST_BYTES_EACH = 16 * 1024;

const options = {
  minutes: { type: 'string', default: '30' },
  idle: { type: 'string', default: String(IDLE_CONNECTIONS) },
} as const;
const { values } = parseArgs({ options });
const minutes = Number(values.minutes);
if (!(minutes >= 0)) throw new Error('--minutes wants a number');

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Mixed traffic. @returns why it failed */
async function traffic(): Promise<string[]> {
  const site = await soakSite();
  print(`${minutes} minutes; legacy is ${site.legacy}, 2 workers, 10 % copied`);
  try {
    return await soak(site, {
      durationMs: minutes * MINUTE_MS,
      warmUpMs: minutes * MINUTE_MS * 0.3,
      lineMs: MINUTE_MS,
      reloadMs: 2 * MINUTE_MS,
      bounds: BOUNDS,
      print,
    });
  } finally {
    await site.stop();
  }
}

/** As many idle connections as were asked for and descriptors allow. @returns why it failed */
async function idle(): Promise<string[]> {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1_024) - OTHER_DESCRIPTORS;
  const count = Math.min(Number(values.idle), most);
  if (count <= 0) return [];
  if (count < Number(values.idle)) print(`only ${count} idle connections: ulimit -n allows no more`);
  const figures = await measureIdle(count, IDLE_MS);
  print(
    `${count} idle connections: ${figures.bytesEach} bytes each, others' p99 ${figures.p99Ms.toFixed(1)} ms, ` +
      `closed after ${Math.round(figures.closedAfterMs)} ms, second crowd ${figures.secondShare.toFixed(2)} of the first`,
  );
  const problems = [...figures.errors];
  if (figures.bytesEach > MOST_BYTES_EACH)
    problems.push(`an idle connection costs ${figures.bytesEach} bytes`);
  if (figures.descriptorsLeft > AT_ONCE)
    problems.push(`${figures.descriptorsLeft} descriptors are left over`);
  return problems;
}

const problems = [...(minutes === 0 ? [] : await traffic()), ...(await idle())];
for (const problem of problems) print(`failed: ${problem}`);
if (problems.length === 0) print('flat');
process.exitCode = problems.length === 0 ? 0 : 1;
