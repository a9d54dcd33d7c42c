import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { Observation } from '../../src/core/observation.ts';
import { AccessLog } from '../../src/gateway/access-log.ts';

const SEEN: Observation = {
  requestId: 'r1',
  method: 'GET',
  path: '/a',
  host: 'shop.example',
  clientAddress: '127.0.0.1',
  route: 'all',
  region: 'eu',
  answeredBy: 'legacy',
  assigned: 'legacy',
  asked: true,
  phase: 'shadow',
  epoch: 1,
  revision: 2,
  status: 200,
  failure: null,
  bad: false,
  durationUs: 1_000,
  serviceUs: 900,
  bytesIn: 0,
  bytesOut: 12,
  copy: 'sent',
};

/** The lines a log writes for these exchanges. */
async function written(observations: readonly Observation[], sample = 1): Promise<Record<string, unknown>[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-log-'));
  const file = join(folder, 'access.jsonl');
  try {
    const log = new AccessLog({ file, sample, rotate: null }, () => {});
    for (const seen of observations) log.write(seen);
    await log.close();
    const text = observations.length === 0 ? '' : readFileSync(file, 'utf8');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('every line is one JSON object, whatever a client sends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ path: fc.string({ unit: 'binary' }), host: fc.string({ unit: 'binary' }) }), {
        minLength: 1,
        maxLength: 20,
      }),
      async (parts) => {
        const lines = await written(parts.map((part) => ({ ...SEEN, ...part })));
        expect(lines.map((line) => [line['url.path'], line['server.address']])).toEqual(
          parts.map(({ path, host }) =>
            [path, host].map((text) => JSON.parse(JSON.stringify(text)) as string),
          ),
        );
      },
    ),
    { numRuns: 15 },
  );
});

test('a line says when, who answered, and why', async () => {
  const [line] = await written([{ ...SEEN, answeredBy: 'edge', failure: 'connect_refused', copy: null }]);
  expect(line).toMatchObject({
    lane: 'edge',
    assigned: 'legacy',
    failure: 'connect_refused',
    copy: null,
    epoch: 1,
  });
  expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('a sample keeps its share of the lines and every failure', async () => {
  const many = Array.from({ length: 2_000 }, (_, index) => ({ ...SEEN, requestId: `r-${index}` }));
  const failures = many.map((seen) => ({ ...seen, failure: 'upstream_reset' as const }));
  const kept = (await written(many, 0.1)).length;
  expect(Math.abs(kept - 200)).toBeLessThan(4 * Math.sqrt(2_000 * 0.09));
  expect(await written(failures, 0.1)).toHaveLength(2_000);
});

test('a log that can not be written says so once and counts what it lost', async () => {
  const said: string[] = [];
  const log = new AccessLog(
    { file: '/proc/no-such-folder/x.jsonl', sample: 1, rotate: null },
    (_level, message) => said.push(message),
  );
  onTestFinished(() => log.close());
  for (let index = 0; index < 1_200; index += 1) log.write(SEEN);
  await log.close();
  expect([log.dropped, said.length]).toEqual([1_200, 1]);
});

test('an end right after a reload waits for the file before it too, and its losses stay counted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const at = (file: string) => ({ file, sample: 1, rotate: null });
  const log = new AccessLog(at(pipe), () => {});
  // Nobody reads the pipe: its line waits for as long as it may.
  log.write(SEEN);
  log.configure(at(join(folder, 'b.log')));
  log.write(SEEN);
  await log.close();
  expect(log.dropped).toBe(1);
  expect(readFileSync(join(folder, 'b.log'), 'utf8').split('\n')).toHaveLength(2);
});
