/**
 * Seven simulated days at 300 million requests a day: 60,480 windows of 12 routes, 2 regions, 2 lanes and their
 * copies, swept every five minutes of simulated time as a gateway does it. Prints the size of the store each day and
 * the time one window takes. `node bench/store-size.ts [DAYS]`; exits 1 when the store passes 2 GiB.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicMs } from '../src/core/clock.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';
import { mergeWindows } from '../src/telemetry/merge.ts';
import { sampleWindow } from '../test/store/kit/samples.ts';

const DAY_MS = 86_400_000;
const WIDTH_MS = 10_000;
const SWEEP_WINDOWS = 30;
const START_MS = 20_740 * DAY_MS;
const MAX_BYTES = 2 * 1024 ** 3;
const SAMPLE = { routes: 12, requests: 1_447 };
const days = Math.ceil(Number(process.argv[2] ?? 7));

const directory = mkdtempSync(join(tmpdir(), 'cutover-store-size-'));
const retention = {
  windowsMs: 30 * DAY_MS,
  examplesMs: 7 * DAY_MS,
  eventsMs: 30 * DAY_MS,
  maxBytes: MAX_BYTES * 2,
};
const store = openSqliteStore({ file: join(directory, 'cutover.db'), retention, mergeWindows });
const putMs: number[] = [];
const sweepMs: number[] = [];
let bytes = 0;

async function timed<T>(into: number[], work: () => Promise<T>): Promise<T> {
  const beganMs = monotonicMs();
  const result = await work();
  into.push(monotonicMs() - beganMs);
  return result;
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)} ms`;
}

async function day(startMs: number): Promise<void> {
  for (let index = 0; index < DAY_MS / WIDTH_MS; index += 1) {
    const window = sampleWindow(startMs + index * WIDTH_MS, { ...SAMPLE, seed: index });
    await timed(putMs, () => store.telemetry.putWindow(window));
    if (index % SWEEP_WINDOWS !== SWEEP_WINDOWS - 1) continue;
    const result = await timed(sweepMs, () => store.telemetry.sweep(startMs + (index + 1) * WIDTH_MS));
    bytes = Math.max(bytes, result.bytes);
  }
}

try {
  for (let index = 0; index < days; index += 1) {
    await day(START_MS + index * DAY_MS);
    console.log(`day ${index + 1}: largest ${(bytes / 1024 ** 2).toFixed(0)} MiB`);
  }
  console.log(`window p50 ${quantile(putMs, 0.5)}, p99 ${quantile(putMs, 0.99)} (${putMs.length} windows)`);
  console.log(
    `sweep  p50 ${quantile(sweepMs, 0.5)}, p99 ${quantile(sweepMs, 0.99)} (${sweepMs.length} sweeps)`,
  );
  process.exitCode = bytes < MAX_BYTES ? 0 : 1;
} finally {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
}
