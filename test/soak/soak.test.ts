import { expect, onTestFinished, test } from 'vitest';
import { soak } from './soak.ts';
import { soakSite } from './site.ts';

const SECOND_MS = 1_000;

// The short form of `npm run soak`: half a minute is too short to judge memory, which still warms up; a leak of
// megabytes, a descriptor that stays open, and every error of a client are seen.
test('a gateway in mixed traffic loses no request and no descriptor', async () => {
  const site = await soakSite();
  onTestFinished(() => site.stop());
  const lines: string[] = [];
  const problems = await soak(site, {
    durationMs: 20 * SECOND_MS,
    warmUpMs: 8 * SECOND_MS,
    lineMs: 10 * SECOND_MS,
    reloadMs: 7 * SECOND_MS,
    bounds: { rssBytes: 200 * 2 ** 20, descriptors: 64 },
    pace: { kept: 60, fresh: 15, posts: 10, large: 1, aborts: 10, slow: 1 },
    print: (line) => lines.push(line),
  });
  expect(problems).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
}, 90_000);
