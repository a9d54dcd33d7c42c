import { expect, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import { loadInBackground } from '../kit/load.ts';
import { operate } from '../kit/operator.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

const ROLLOUT = {
  window: '1s',
  stickyKey: { header: 'x-user' },
  shadow: { sample: '100%' },
  regional: { steps: [{ region: 'eu-west', share: '100%' }], dwell: '1s' },
  gates: {
    minPairs: 100,
    errorRate: { margin: '2pp' },
    tail: { margin: '50pp' },
    differences: { margin: '2pp' },
    bake: { badWindows: '40%' },
  },
};

test(
  'a candidate whose reads hang goes back although impatient clients leave no answers to compare',
  { timeout: 120_000 },
  async () => {
    const legacy = await upstream().json({ ok: true }).start();
    const never = new Promise<never>(() => {});
    const candidate = await upstream()
      .respond(({ target }) => (target === '/slow' ? never : { body: { ok: true } }))
      .start();
    const running = await gateway()
      .legacy(legacy)
      .candidate(candidate)
      .config({ listen: [{ address: '127.0.0.1:0', region: 'eu-west' }], rollout: ROLLOUT })
      .start();
    await operate(running, 'advance', { to: { phase: 'regional', step: 0 } });
    const [url = ''] = running.urls;
    const ask = (target: string, timeoutMs: number, ratePerSecond: number) =>
      loadInBackground({
        url,
        clients: 10,
        ratePerSecond,
        timeoutMs,
        request: (client, time) => ({
          method: 'GET',
          target,
          headers: { 'X-User': `${client}-${time % 50}` },
        }),
      });
    // Most requests are paired and well: by those alone the candidate would be proven.
    const loads = [ask('/ok', 10_000, 150), ask('/slow', 300, 40)];
    const back = async () => (await running.status()).rollout.phase !== 'regional';
    await until(back, 'the candidate to be taken back', 60_000);
    await Promise.all(loads.map((load) => load.stop()));
    expect((await running.status()).rollout.phase).toBe('canary');
    await running.stop();
  },
);
