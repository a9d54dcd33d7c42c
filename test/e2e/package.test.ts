import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { buildPackage } from '../kit/package.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

test('the compiled package serves, copies and compares without its sources', async () => {
  const legacy = await upstream().json({ total: 10 }).start();
  const candidate = await upstream().json({ total: 11 }).start();
  const { program, remove } = buildPackage();
  onTestFinished(remove);
  expect(existsSync(join(program, '../../src'))).toBe(false);
  const running = await gateway()
    .built(program)
    .legacy(legacy)
    .candidate(candidate)
    .config({ rollout: { shadow: { sample: '100%' } } })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  expect((await fetchOnce(running.url)).body.toString()).toBe('{"total":10}');
  const status = await until(async () => {
    const now = await running.status();
    return now.classes > 0 ? now : null;
  }, 'the difference to be found');
  expect(status.pairs.shadow.accounting).toMatchObject({ sent: 1, compared: 1 });
}, 60_000);
