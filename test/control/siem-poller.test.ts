import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs, wallMs } from '../../src/core/clock.ts';
import { SiemPoller } from '../../src/control/siem-poller.ts';
import type { SiemReading } from '../../src/rollout/gates/siem.ts';
import { USER, indexer } from '../kit/indexer.ts';
import { certificate } from '../kit/certificates.ts';
import { until } from '../kit/until.ts';
import { NODE, beat } from '../siem/kit.ts';

/** A poller that asks every 100 ms, far more often than a configuration allows. */
async function polling(
  regions: readonly string[] = ['eu-west'],
  pace: { intervalMs?: number; timeoutMs?: number } = {},
  first: 'well' | 'hangs' = 'well',
) {
  const server = await indexer();
  server.become(first);
  const heard: (readonly SiemReading[])[] = [];
  const log: string[] = [];
  const poller = new SiemPoller({
    indexer: {
      url: server.url,
      version: 4,
      index: null,
      username: USER.name,
      password: USER.password,
      ca: certificate('ca.pem'),
      lagMs: 2_000,
      spanMs: 60_000,
      intervalMs: 100,
      timeoutMs: 1_000,
      ...pace,
    },
    node: NODE,
    ours: { heartbeatMs: 60_000, nowMs: wallMs, lastLostMs: () => null },
    about: () => ({ epoch: 7, regions }),
    hear: (readings) => heard.push(readings),
    log: (level, message) => log.push(`${level} ${message}`),
  });
  onTestFinished(async () => {
    await poller.close();
    await server.stop();
  });
  return { server, heard, log, poller };
}

test('asks again and again, hands every answer on, and says only what changed', async () => {
  const { server, heard, log, poller } = await polling();
  await until(() => heard.length >= 3, 'three answers');
  expect(heard[0]).toMatchObject([
    { region: 'eu-west', epoch: 7, odd: expect.stringContaining('404') as unknown },
  ]);
  beat(server);
  await until(() => heard.at(-1)?.[0]?.odd === null, 'an answer that counts');
  const before = heard.length;
  await until(() => heard.length >= before + 3, 'more of them');
  expect(log).toEqual([
    'warn the SIEM says nothing that counts: the indexer answered 404: there is no such index',
    'info the SIEM answers, and has our heartbeats',
  ]);
  expect(poller.answers.valid).toBeGreaterThan(3);
  expect(poller.answers.odd).toBeGreaterThanOrEqual(3);
});

test('asks one question at a time, and goes on after one that got no answer', async () => {
  const { server, heard } = await polling();
  beat(server);
  await until(() => heard.length >= 1, 'an answer');
  server.become('hangs');
  await until(() => heard.at(-1)?.[0]?.odd === 'no answer within 1000 ms', 'the deadline');
  const [asked, answered] = [server.searches(), heard.length];
  await until(() => heard.length >= answered + 2, 'two more deadlines');
  // The third may be under way.
  expect(server.searches() - asked).toBeLessThanOrEqual(3);
  server.become('well');
  await until(() => heard.at(-1)?.[0]?.odd === null, 'an answer again');
});

test('asks once more at once after an answer that is lost, and leaves a SIEM that is down in peace', async () => {
  const { server, heard } = await polling(['eu-west'], { intervalMs: 600_000, timeoutMs: 500 });
  // There is no index yet: two questions that say nothing.
  await until(() => heard.length >= 2, 'the question again');
  beat(server);
  await expect(until(() => heard.length >= 3, 'a third one', 1_500)).rejects.toThrow();
});

test('hears of alerts within a second of an answer that was lost', async () => {
  const { server, heard } = await polling(['eu-west'], { intervalMs: 600_000, timeoutMs: 500 }, 'hangs');
  await until(() => server.searches() >= 1, 'a question');
  beat(server);
  server.become('well');
  await until(() => heard.at(-1)?.[0]?.odd === null, 'an answer that counts', 5_000);
});

test('stops at once, in the middle of a question, and nobody hears of it any more', async () => {
  const { server, heard, poller } = await polling();
  server.become('hangs');
  beat(server);
  const asked = server.searches();
  await until(() => server.searches() > asked, 'a question');
  const before = heard.length;
  const closedMs = monotonicMs();
  await poller.close();
  expect(monotonicMs() - closedMs).toBeLessThan(900);
  expect(heard.length).toBeLessThanOrEqual(before + 1);
  const searches = server.searches();
  await poller.close();
  expect(server.searches()).toBe(searches);
});

test('asks nothing where no region is to be asked about', async () => {
  const { server, heard, poller } = await polling([]);
  await until(() => monotonicMs() > 0, 'a turn');
  await poller.close();
  expect([server.searches(), heard]).toEqual([0, []]);
});
