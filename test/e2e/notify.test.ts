import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { CERTIFICATES } from '../kit/certificates.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway, Settings } from '../kit/gateway.ts';
import { HOOK_SECRETS, hook, hookSecret, secured } from '../kit/hook.ts';
import type { Hook } from '../kit/hook.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { load } from '../kit/load.ts';
import { operate } from '../kit/operator.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { UpstreamBuilder } from '../kit/upstream.ts';

/** A gateway is started and operated, on a machine that may be busy. */
vi.setConfig({ testTimeout: 90_000 });

const SECRET = hookSecret(3);
const WAIT_MS = 30_000;
const CANARY = { 'X-Canary': 'internal' };

function notify(...hooks: Pick<Hook, 'hookUrl'>[]): Settings {
  return { notify: hooks.map(({ hookUrl }) => ({ url: hookUrl, secret: { env: 'HOOK' } })) };
}

interface World {
  readonly candidate?: UpstreamBuilder;
  readonly legacy?: UpstreamBuilder;
  readonly env?: Readonly<Record<string, string>>;
}

/** A gateway that tells these receivers; everything ends with the test. */
async function telling(hooks: readonly Pick<Hook, 'hookUrl'>[], world: World = {}): Promise<RunningGateway> {
  const { candidate = upstream().json({ from: 'candidate' }), legacy = upstream().json({ from: 'legacy' }) } =
    world;
  const lanes = await Promise.all([legacy.start(), candidate.start()]);
  const running = await gateway()
    .legacy(lanes[0])
    .candidate(lanes[1])
    .config({
      ...notify(...hooks),
      rollout: { canary: { match: [{ header: { 'x-canary': 'internal' }, from: '127.0.0.0/8' }] } },
    })
    .env({ HOOK: SECRET, ...world.env })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all(lanes.map((each) => each.stop()));
  });
  return running;
}

async function receiver(behaviour?: UpstreamBuilder): Promise<Hook> {
  const running = await hook(SECRET, behaviour);
  onTestFinished(() => running.stop());
  return running;
}

/** Waits for a notification that holds this. */
async function heard(from: Hook, type: string, data: object): Promise<void> {
  await until(
    () => {
      const told = from.told().filter(({ body }) => body.type === type);
      return told.some(({ body }) => {
        const said = body.data as Readonly<Record<string, unknown>>;
        return Object.entries(data).every(([name, value]) => said[name] === value);
      });
    },
    `a notification ${type} ${JSON.stringify(data)}`,
    WAIT_MS,
  );
}

test('tells what operators, workers and a refused file do, and prints no secret of it', async () => {
  const told = await receiver();
  const running = await telling([told]);
  await operate(running, 'bypass', { reason: 'drill' });
  await heard(told, 'kill_switch', { on: true, reason: 'drill' });
  await operate(running, 'bypass', { reason: '', on: false });
  await heard(told, 'kill_switch', { on: false });
  await operate(running, 'advance', { reason: 'staff first', force: true });
  await heard(told, 'transition', { from: 'shadow', to: 'canary', reason: 'staff first' });

  running.rewrite({ workers: 'many' });
  running.signal('SIGHUP');
  await heard(told, 'config', { accepted: false });
  running.rewrite({ workers: 1 });
  const [pid = 0] = running.pids().workers;
  process.kill(pid, 'SIGKILL');
  await heard(told, 'worker_down', { pid });

  const page = await until(
    async () => {
      const text = (await running.admin('/metrics')).body.toString();
      const all = `cutover_notifications_total{outcome="delivered"} ${told.told().length}\n`;
      return text.includes(all) && text.includes('cutover_notifications_waiting 0\n') ? text : null;
    },
    'every notification in the metrics',
    WAIT_MS,
  );
  const sequences = told.told().map(({ body }) => body.sequence);
  expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
  const checked = await running.cli(['check']);
  const shown = [running.log(), page, checked.stdout, checked.stderr, JSON.stringify(await running.status())];
  for (const secret of [SECRET, SECRET.slice(6), ...HOOK_SECRETS])
    expect(shown.join('\n')).not.toContain(secret);
});

test('tells a receiver over TLS whose authority the process was given', async () => {
  const told = await receiver();
  const front = await secured(told);
  onTestFinished(() => front.stop());
  const running = await telling([front], { env: { NODE_EXTRA_CA_CERTS: join(CERTIFICATES, 'ca.pem') } });
  await operate(running, 'bypass', { reason: 'over TLS' });
  await heard(told, 'kill_switch', { on: true, reason: 'over TLS' });
});

test('tells a rollback of the gates, with the breaker that tripped', async () => {
  const told = await receiver();
  const running = await telling([told], { candidate: upstream().status(500) });
  await operate(running, 'advance', { reason: 'x', force: true });
  await load({
    url: running.url,
    clients: 8,
    requestsPerClient: 60,
    request: () => ({ headers: CANARY }),
  });
  await heard(told, 'gate', { verdict: 'abort', phase: 'canary' });
  await heard(told, 'transition', { from: 'canary', to: 'shadow', who: 'gate' });
});

test('a receiver that hangs delays neither a rollback nor the end', async () => {
  const hangs = await receiver(upstream().hangs());
  const running = await telling([hangs]);
  await operate(running, 'advance', { reason: 'x', force: true });
  await until(() => hangs.count() > 0, 'the first notification', WAIT_MS);
  const askedMs = monotonicMs();
  await operate(running, 'rollback', { reason: 'x' });
  expect(monotonicMs() - askedMs).toBeLessThan(LIMITS.notifyTimeoutMs);
  const endedMs = monotonicMs();
  running.signal('SIGTERM');
  expect(await running.exited).toBe(0);
  const tookMs = monotonicMs() - endedMs;
  expect(tookMs).toBeLessThan(LIMITS.notifyCloseMs + LIMITS.notifyTimeoutMs);
});

test('a second signal waits for no receiver at all', async () => {
  const hangs = await receiver(upstream().hangs());
  const running = await telling([hangs], { legacy: upstream().hangs() });
  await operate(running, 'bypass', { reason: 'x' });
  await until(() => hangs.count() > 0, 'the first notification', WAIT_MS);
  const pending = fetchOnce(running.url).catch(() => null);
  await until(async () => ((await running.status()).workers[0]?.exchanges ?? 0) > 0, 'an exchange', WAIT_MS);
  running.signal('SIGTERM');
  // A second one right behind the first would be taken for the same.
  await until(() => running.log().includes('draining'), 'the drain', WAIT_MS);
  const again = setInterval(() => running.signal('SIGTERM'), 3_000);
  expect(await running.exited).toBe(143);
  clearInterval(again);
  await pending;
});

test('a restart sends nothing again, and names what it tells by itself', async () => {
  const told = await receiver(upstream().status(503));
  const running = await telling([told]);
  await operate(running, 'bypass', { reason: 'before' });
  await until(() => told.count() > 0, 'the first try', WAIT_MS);
  running.killAll();
  await running.exited;
  await told.become(upstream().status(204));
  const [before] = told.told();
  told.forget();
  const again = await running.restart();
  onTestFinished(() => again.stop());
  await operate(again, 'bypass', { reason: 'after', on: false });
  await heard(told, 'kill_switch', { on: false, reason: 'after' });
  const after = told.told();
  expect(after.every(({ body }) => (body.data as { reason?: string }).reason !== 'before')).toBe(true);
  expect(after[0]?.id.split('_')[1]).not.toBe(before?.id.split('_')[1]);
});

test('a reload changes who is told, without a new epoch', async () => {
  const [first, second] = [await receiver(), await receiver()];
  const running = await telling([first]);
  const { epoch } = (await running.status()).rollout;
  await operate(running, 'bypass', { reason: 'one' });
  await heard(first, 'kill_switch', { reason: 'one' });
  running.rewrite(notify(second));
  await operate(running, 'reload', {});
  expect((await running.status()).rollout.epoch).toBe(epoch);
  await operate(running, 'bypass', { reason: 'two', on: false });
  await heard(second, 'kill_switch', { reason: 'two' });
  const reasons = first.told().map(({ body }) => (body.data as { reason?: string }).reason);
  expect(reasons).not.toContain('two');
});
