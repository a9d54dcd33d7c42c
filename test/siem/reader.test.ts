import { expect, test } from 'vitest';
import { wallMs } from '../../src/core/clock.ts';
import { ODD_MODES, USER } from '../kit/indexer.ts';
import { FAILING, asked, beat, errorLines, heartbeat } from './kit.ts';

test.each([4, 5] as const)('counts alerts by region, lane and level in Wazuh %i', async (version) => {
  const { server, ask } = await asked(version);
  beat(server);
  for (const line of errorLines({ legacy: { requests: 1_000, bad: 1 }, ...FAILING })) server.take(line);
  for (const line of errorLines({ candidate: { requests: 100, bad: 50 } })) server.take(line);
  for (const line of errorLines({ region: 'us-east', candidate: { requests: 100, bad: 50 } }))
    server.take(line);
  expect(await ask()).toMatchObject({
    region: 'eu-west',
    epoch: 1,
    odd: null,
    alerts: {
      legacy: [{ level: 5, count: 1 }],
      candidate: [
        { level: 8, count: 1 },
        { level: 12, count: 1 },
      ],
    },
  });
});

test('counts nothing of another epoch, another gateway or an older time', async () => {
  const { server, ask } = await asked();
  beat(server);
  for (const line of errorLines(FAILING, { epoch: 2 })) server.take(line);
  for (const line of errorLines(FAILING, { node: 'edge-2' })) server.take(line);
  for (const line of errorLines(FAILING)) server.take(line, wallMs() - 63_000);
  expect((await ask()).alerts).toEqual({ legacy: [], candidate: [] });
});

test.each(ODD_MODES)('makes an answer that is %s one that says nothing', async (mode) => {
  const { server, ask } = await asked(4, { timeoutMs: 800 });
  beat(server);
  for (const line of errorLines(FAILING)) server.take(line);
  expect((await ask()).odd).toBeNull();
  server.become(mode);
  const { odd, alerts } = await ask();
  expect(odd).toEqual(expect.any(String));
  expect(alerts).toEqual({ legacy: [], candidate: [] });
});

test('says what is odd in words that name no secret', async () => {
  const { ask, server } = await asked(4, { password: 'another' });
  expect((await ask()).odd).toBe('the indexer answered 401: user or password is wrong');
  await server.stop();
  const { odd } = await ask();
  expect(odd).toMatch(/^no answer: /);
  expect(odd).not.toContain(USER.name);
});

test('is not let into an index that the user may not read, nor told that there is none', async () => {
  const forbidden = await asked(4, { index: 'wazuh-archives-4.x-*' });
  expect((await forbidden.ask()).odd).toContain('403: this user may not read the index');
  const absent = await asked(4);
  expect((await absent.ask()).odd).toContain('404: there is no such index');
});

test('trusts no certificate but those of its own authority', async () => {
  const { ask } = await asked(4, { ca: null });
  expect((await ask()).odd).toMatch(/no answer: .*certificate/i);
});

test('believes no silence without a heartbeat of this very gateway', async () => {
  const { server, ask } = await asked();
  const atMs = wallMs() - 2_500;
  server.take(heartbeat(atMs, 'edge-2'), atMs);
  expect((await ask()).late).toContain('no heartbeat of this gateway');
  beat(server);
  expect(await ask()).toMatchObject({ odd: null });
  expect((await ask()).late).toBeUndefined();
});

test('believes no heartbeat that is so young that others may still be on their way', async () => {
  const { server, ask } = await asked();
  beat(server, 500);
  expect((await ask()).late).toContain('no heartbeat of this gateway');
});

test('notices that lines stopped arriving, and up to when they are complete', async () => {
  const { server, ask } = await asked();
  beat(server, 20_000);
  expect(await ask()).toMatchObject({
    odd: null,
    late: expect.stringMatching(/the newest heartbeat was written .* ago/) as unknown,
  });
  beat(server, 3_000);
  const { odd, late, atMs, toMs } = await ask();
  expect([odd, late]).toEqual([null, undefined]);
  expect(atMs - toMs).toBeGreaterThanOrEqual(3_000);
  expect(atMs - toMs).toBeLessThan(6_000);
});

test('notices clocks that disagree, and records that take longer than they may', async () => {
  const behind = await asked();
  behind.server.take(heartbeat(wallMs()), wallMs() - 10_000);
  expect((await behind.ask()).odd).toContain('clocks disagree');
  const slow = await asked();
  slow.server.take(heartbeat(wallMs() - 6_000), wallMs() - 2_500);
  expect((await slow.ask()).late).toContain('more than siem.indexer.lag');
});

test('believes no silence while lines of ours were lost, and counts what is there all the same', async () => {
  const { server, ask } = await asked();
  beat(server);
  for (const line of errorLines(FAILING)) server.take(line);
  const { odd, late, alerts } = await ask({ lastLostMs: wallMs() - 1_000 });
  expect([odd, late]).toEqual([null, expect.stringContaining('lost lately')]);
  expect(alerts.candidate).not.toEqual([]);
  expect((await ask({ lastLostMs: wallMs() - 100_000 })).late).toBeUndefined();
});
