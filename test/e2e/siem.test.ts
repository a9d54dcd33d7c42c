import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs, wallMs } from '../../src/core/clock.ts';
import { Shipper } from '../../src/scenario/siem/shipper.ts';
import { gateway } from '../kit/gateway.ts';
import { INDEXER_CA, RULES, USER, indexer } from '../kit/indexer.ts';
import { loadInBackground } from '../kit/load.ts';
import { operate } from '../kit/operator.ts';
import { upstream } from '../kit/upstream.ts';
import { until } from '../kit/until.ts';

/** What the issue promises, milliseconds. */
const PROMISED_MS = 15_000;

/** A rollout at its second step: EU-West and US-East have a half each. */
async function regional(version: 4 | 5) {
  const server = await indexer({ version, refreshMs: 1_000 });
  const legacy = await upstream().json({ ok: true }).start();
  const candidate = await upstream().json({ ok: true }).start();
  const running = await gateway()
    .legacy(legacy)
    .config({
      listen: [
        { address: '127.0.0.1:0', region: 'eu-west' },
        { address: '127.0.0.1:0', region: 'us-east' },
      ],
      candidate: {
        upstreams: { shop: { servers: [candidate.url] } },
        routes: [{ name: 'all', match: { path: '/' }, upstream: 'shop' }],
      },
      rollout: {
        window: '2s',
        stickyKey: { header: 'x-user' },
        shadow: { sample: '100%' },
        regional: {
          steps: [
            { region: 'eu-west', share: '50%' },
            { region: 'us-east', share: '50%' },
          ],
          dwell: '1s',
        },
        gates: {
          minPairs: 100,
          errorRate: { margin: '2pp' },
          tail: { margin: '50pp' },
          differences: { margin: '2pp' },
          bake: { badWindows: '50%' },
        },
      },
      siem: {
        events: { file: './siem.json', heartbeat: '1s' },
        indexer: {
          url: server.url,
          version,
          username: USER.name,
          password: { env: 'INDEXER_PASSWORD' },
          ca: INDEXER_CA,
          lag: '4s',
          interval: '1s',
        },
      },
    })
    .env({ INDEXER_PASSWORD: USER.password })
    .start();
  const file = join(running.folder, 'siem.json');
  const shipper = new Shipper({ file, indexer: server, rules: version === 4 ? RULES : null });
  const loads = running.urls.map((url, index) =>
    loadInBackground({
      url,
      clients: 12,
      ratePerSecond: 120,
      request: (client, turn) => ({
        method: turn % 2 === 0 ? 'POST' : 'GET',
        target: index === 0 ? '/eu' : '/us',
        headers: { 'X-User': `${client}-${turn % 50}` },
      }),
    }),
  );
  onTestFinished(async () => {
    await Promise.all(loads.map((load) => load.stop()));
    await shipper.stop();
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop(), server.stop()]);
  });
  await operate(running, 'advance', { to: { phase: 'regional', step: 1 } });
  const siem = async () => {
    const { gate } = await running.status();
    return gate.requirements.find(({ name }) => name === 'siem');
  };
  const lines = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { gateway: Record<string, string> }).gateway);
  return { running, server, candidate, shipper, siem, lines };
}

/** One write of five fails in EU-West: no copy shows it, and they are fewer than the breaker looks at. */
function failingWrites() {
  let writes = 0;
  return upstream().respond(({ method, target }) => {
    if (method !== 'POST' || target !== '/eu') return { body: { ok: true } };
    writes += 1;
    return writes % 5 === 0 ? { status: 503, body: 'no' } : { body: { ok: true } };
  });
}

test('a region that the SIEM has alerts about goes back within 15 s, alone', async ({ annotate }) => {
  const { running, server, candidate, siem, lines } = await regional(4);
  await until(async () => (await siem())?.met === true, 'a clean answer', 60_000);
  await candidate.become(failingWrites());
  /** When a search could find the third alert of level 8 about the candidate in EU-West. */
  let visible = 0;
  const alerts = () =>
    server.records.visible(server.records.expand('*')).filter((record) => {
      const [lane] = record['data.gateway.lane'] ?? record['service.environment'] ?? [];
      const [level = 0] = record['rule.level'] ?? record['event.severity'] ?? [];
      return lane === 'candidate' && Number(level) >= 8;
    }).length;
  await until(() => alerts() >= 3 && (visible = monotonicMs()), 'the alerts to be visible', 60_000);
  await until(
    async () => (await running.status()).rollout.withdrawn.includes('eu-west'),
    'eu-west to go back',
    PROMISED_MS,
  );
  const tookMs = monotonicMs() - visible;
  await annotate(`${tookMs.toFixed(0)} ms after the alerts were visible`);
  expect(tookMs).toBeLessThan(PROMISED_MS);
  const { rollout, shares } = await running.status();
  expect(rollout).toMatchObject({ phase: 'regional', step: 1, withdrawn: ['eu-west'] });
  expect(shares.map(({ region, desired }) => [region, desired])).toEqual(
    expect.arrayContaining([
      ['eu-west', 0],
      ['us-east', 0.5],
    ]),
  );
  const history = await running.cli(['history', '--json']);
  const { entries } = JSON.parse(history.stdout) as { entries: Record<string, unknown>[] };
  expect(entries.find(({ verb }) => verb === 'rollback')).toMatchObject({
    who: 'gate',
    region: 'eu-west',
    reason: expect.stringMatching(/^SIEM_ALERTS: /) as unknown,
  });
  // It hears of its own word, too.
  await until(
    () =>
      lines().some(
        ({ event, region, who }) => event === 'transition' && region === 'eu-west' && who === 'gate',
      ),
    'the SIEM to be told',
  );
  expect(running.log()).not.toContain(USER.password);
  expect(JSON.stringify(lines())).not.toContain(USER.password);
}, 180_000);

test('a healthy candidate goes on, but not while the SIEM does not hear of it', async () => {
  const { running, server, shipper, siem, lines } = await regional(5);
  await until(async () => (await siem())?.met === true, 'a clean answer', 60_000);
  shipper.paused = true;
  await until(
    async () => (await running.status()).gate.reason === 'SIEM_ODD',
    'the silence to be noticed',
    30_000,
  );
  const blind = await running.cli(['gate']);
  expect([blind.code, blind.stdout]).toEqual([7, expect.stringContaining('lines do not arrive')]);
  expect((await running.cli(['advance', '--yes'])).code).not.toBe(0);
  shipper.paused = false;
  await until(async () => (await running.status()).gate.verdict === 'ready', 'the gates', 60_000);
  server.become('busy');
  await until(
    async () => (await running.status()).gate.reason === 'SIEM_ODD',
    'the 429 to be noticed',
    30_000,
  );
  server.become('well');
  await until(async () => (await running.status()).gate.verdict === 'ready', 'the gates again', 60_000);
  // Ready is looked at again at the moment of the step, and an answer may just be late then.
  await until(async () => (await running.cli(['advance', '--yes'])).code === 0, 'the advance', 60_000);
  expect((await running.status()).rollout).toMatchObject({ phase: 'enforce', withdrawn: [] });
  // A machine that is busy slows a worker down, or loses an answer: that is told, too.
  const loud = lines().filter(({ event, severity }) => event !== 'worker_slow' && severity !== 'minor');
  const events = new Set(loud.map(({ event }) => event));
  expect(events).toEqual(new Set(['heartbeat', 'transition', 'verdict']));
  expect(lines().every(({ at = '' }) => Math.abs(Date.parse(at) - wallMs()) < 180_000)).toBe(true);
}, 180_000);
