import { expect, onTestFinished, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import type { GatewayConfig, RolloutView } from '../../../src/core/snapshot.ts';
import { ConnectCircuit } from '../../../src/gateway/upstreams/circuit.ts';
import { headerOf } from '../../kit/answer-reader.ts';
import type { CopyTally } from '../../../src/telemetry/tallies.ts';
import { deafServer } from '../../kit/deaf-server.ts';
import { fetchOnce } from '../../kit/http-client.ts';
import { inProcessGateway } from '../../kit/in-process.ts';
import { load } from '../../kit/load.ts';
import { gatewayConfig, route, upstreamConfig, upstreamPolicy } from '../../kit/snapshot.ts';
import { until } from '../../kit/until.ts';
import { upstream } from '../../kit/upstream.ts';
import type { Upstream } from '../../kit/upstream.ts';
import { laneOf } from './lane-kit.ts';

const { ejection } = upstreamPolicy();
const { timeouts } = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:1');
const CONNECT_MS = 150;

/** A circuit on a clock that the test turns. */
function testCircuit(policy = ejection) {
  const at = { nowMs: 1_000, opened: 0 };
  const circuit = new ConnectCircuit(
    policy,
    () => at.nowMs,
    () => (at.opened += 1),
  );
  circuit.isAlone = true;
  const silent = (times: number, isProbe = false) => {
    for (let index = 0; index < times; index += 1) circuit.unreached('connect_timeout', isProbe);
  };
  return { at, circuit, silent };
}

test('breaks after so many silent connections in a row, and lets one try after its time', () => {
  const { at, circuit, silent } = testCircuit();
  silent(LIMITS.ejectionFailures - 1);
  circuit.reached();
  silent(LIMITS.ejectionFailures - 1);
  expect([circuit.leave(), at.opened]).toEqual(['yes', 0]);
  silent(1);
  expect([circuit.leave(), circuit.isShut, at.opened]).toEqual(['no', true, 1]);
  at.nowMs += LIMITS.ejectionTimeMs;
  expect([circuit.leave(), circuit.leave(), circuit.leave()]).toEqual(['probe', 'no', 'no']);
  circuit.reached();
  expect([circuit.leave(), circuit.isShut]).toEqual(['yes', false]);
});

test('stays open twice as long each time, and never longer than its limit', () => {
  const { at, circuit, silent } = testCircuit();
  silent(LIMITS.ejectionFailures);
  const lengths: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const fromMs = at.nowMs;
    while (circuit.leave() === 'no') at.nowMs += 100;
    lengths.push(at.nowMs - fromMs);
    silent(1, true);
  }
  expect(lengths).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
});

test('a refused connection closes it, and a probe that was given up is made again', () => {
  const { at, circuit, silent } = testCircuit();
  silent(LIMITS.ejectionFailures);
  at.nowMs += LIMITS.ejectionTimeMs;
  expect(circuit.leave()).toBe('probe');
  circuit.released();
  expect(circuit.leave()).toBe('probe');
  // One that was begun before it broke says nothing about the probe.
  silent(1);
  expect(at.opened).toBe(1);
  circuit.unreached('connect_refused', true);
  expect(circuit.leave()).toBe('yes');
});

test('is no matter of servers that have others beside them', () => {
  const { circuit, silent } = testCircuit();
  circuit.isAlone = false;
  silent(100);
  expect([circuit.leave(), circuit.isShut]).toEqual(['yes', false]);
});

/** A gateway with one server on each lane, whose connections get little time. */
async function oneEach(
  legacyUrl: string,
  candidateUrl: string,
  rollout: Partial<RolloutView>,
  config: Partial<GatewayConfig> = {},
) {
  const policy = upstreamPolicy({ ejection: { ...ejection, failures: 3, timeMs: 60_000 } });
  const both = { legacy: { url: legacyUrl } as Upstream, candidate: { url: candidateUrl } as Upstream };
  return inProcessGateway(both, rollout, {
    timeouts: { ...timeouts, connectMs: CONNECT_MS },
    legacy: { ...upstreamConfig('legacy', legacyUrl), policy },
    candidate: {
      upstreams: [{ ...upstreamConfig('candidate', candidateUrl), policy }],
      routes: [route('all')],
      filters: [],
    },
    ...config,
  });
}

const named = async (url: string) => {
  const answer = await fetchOnce(url);
  return `${answer.status} ${headerOf(answer, 'x-cutover-error') ?? ''}`;
};

test('a lone server that lets connections hang is failed for at once, named, and asked again', async () => {
  const deaf = await deafServer();
  const other = await upstream().start();
  onTestFinished(() => other.stop());
  const policy = upstreamPolicy({ ejection: { ...ejection, failures: 3, timeMs: 300 } });
  const running = await oneEach(
    deaf.url,
    other.url,
    { sample: 0 },
    {
      legacy: { ...upstreamConfig('legacy', deaf.url), policy },
    },
  );
  const legacy = () =>
    running.gateway.upstreams().find(({ name, use }) => name === 'legacy' && use === 'clients');
  for (let index = 0; index < 3; index += 1) expect(await named(running.url)).toBe('504 connect_timeout');
  expect(await named(running.url)).toBe('503 circuit_open');
  expect(legacy()?.servers[0]?.state).toBe('ejected');
  const { lanes } = await running.settled();
  expect(lanes.legacy).toMatchObject({
    requests: 4,
    bad: 4,
    failures: { connect_timeout: 3, circuit_open: 1 },
  });
  await until(async () => (await named(running.url)) === '504 connect_timeout', 'the probe');
  expect(legacy()?.ejections).toBeGreaterThanOrEqual(2);
  deaf.hear();
  await until(async () => (await fetchOnce(running.url)).status === 200, 'the server to be back');
  expect(legacy()?.servers[0]?.state).toBe('ok');
});

test('what a candidate is failed for at once counts against it, and legacy answers', async () => {
  const deaf = await deafServer();
  const legacy = await upstream().start();
  onTestFinished(() => legacy.stop());
  const running = await oneEach(legacy.url, deaf.url, { phase: 'enforce', reverseSample: 0 });
  for (let index = 0; index < 8; index += 1) expect((await fetchOnce(running.url)).status).toBe(200);
  const { lanes } = await running.settled();
  expect(lanes.candidate).toMatchObject({
    requests: 8,
    bad: 8,
    failures: { connect_timeout: 3, circuit_open: 5 },
  });
});

test('copies to a candidate that lets connections hang are all tried', async () => {
  const deaf = await deafServer();
  const legacy = await upstream().start();
  onTestFinished(() => legacy.stop());
  const running = await oneEach(legacy.url, deaf.url, { sample: 1 });
  await load({ url: running.url, clients: 1, requestsPerClient: 8 });
  const { pairs } = await running.settled();
  expect(pairs.shadow).toMatchObject({ sent: 8, timedOut: 8 });
  const { copies = [] } = running.deltas.at(-1)?.gauges.tallies ?? {};
  expect(copies).toMatchObject([{ direction: 'shadow', outcome: 'timed_out' }]);
  const [{ took }] = copies as [CopyTally];
  expect(took.counts.reduce((sum, count) => sum + count, 0)).toBe(8);
  expect(took.sumUs).toBeGreaterThan(8 * CONNECT_MS * 1_000);
});

test('a lone server that refuses connections, answers badly or not in time is always asked', async () => {
  const { servers, url, stats } = await laneOf('legacy', [upstream().status(503)], {
    ejection: { ...ejection, failures: 1, timeMs: 60_000, maxTimeMs: 60_000 },
    timeouts: { connectMs: null, firstByteMs: 100, idleMs: null, totalMs: null },
  });
  const [server] = servers as [Upstream];
  for (let index = 0; index < 4; index += 1) expect(await named(url)).toBe('503 ');
  await server.become(upstream().hangs());
  for (let index = 0; index < 4; index += 1) expect(await named(url)).toBe('504 first_byte_timeout');
  await server.become(upstream().refuses());
  for (let index = 0; index < 4; index += 1) expect(await named(url)).toBe('502 connect_refused');
  await server.become(upstream());
  expect(await named(url)).toBe('200 ');
  expect([stats().ejections, stats().servers[0]?.state]).toEqual([0, 'ok']);
});

test('takes an answer that comes at once for no silence, whatever it says', () => {
  const { circuit, silent } = testCircuit();
  for (const code of ['connect_failed', 'connect_refused', 'upstream_certificate'] as const) {
    silent(LIMITS.ejectionFailures - 1);
    for (let count = 0; count < 100; count += 1) circuit.unreached(code, false);
    expect([code, circuit.isShut]).toEqual([code, false]);
  }
});

test('is not opened again by a probe that is given up after another try has closed it', () => {
  const { at, circuit, silent } = testCircuit();
  silent(LIMITS.ejectionFailures);
  at.nowMs += LIMITS.ejectionTimeMs;
  expect(circuit.leave()).toBe('probe');
  circuit.unreached('connect_refused', false);
  expect(circuit.isShut).toBe(false);
  circuit.released();
  expect([circuit.isShut, circuit.leave()]).toEqual([false, 'yes']);
});

test('counts nothing beside other servers, which have ejections instead', () => {
  const { circuit, silent } = testCircuit();
  circuit.isAlone = false;
  silent(LIMITS.ejectionFailures * 3);
  expect([circuit.openings, circuit.isShut]).toEqual([0, false]);
});
