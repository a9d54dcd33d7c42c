import { parseArgs } from 'node:util';
import { soak } from './soak.ts';
import { soakSite } from './site.ts';

// `npm run soak [-- --minutes N]`: a line a minute, exit code 1 with the reason when something leaks or fails.

const MIB = 2 ** 20;
const MINUTE_MS = 60_000;

/**
 * Bounds of what may be gained after the warm-up. Memory: three processes of 100 to 190 MiB whose collectors are lazy;
 * at 240 requests/s over 20 minutes, 90 bytes lost per request are found. Descriptors: as many as slow clients come
 * and go; one lost in 9,000 requests is found.
 */
const BOUNDS = { rssBytes: 24 * MIB, descriptors: 32 };

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes wants a number above 0');

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const site = await soakSite();
print(`${minutes} minutes; legacy is ${site.legacy}, 2 workers, 10 % copied`);
try {
  const problems = await soak(site, {
    durationMs: minutes * MINUTE_MS,
    warmUpMs: minutes * MINUTE_MS * 0.3,
    lineMs: MINUTE_MS,
    reloadMs: 2 * MINUTE_MS,
    bounds: BOUNDS,
    print,
  });
  for (const problem of problems) print(`failed: ${problem}`);
  if (problems.length === 0) print('flat');
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await site.stop();
}
