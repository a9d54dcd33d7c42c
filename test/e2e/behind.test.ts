import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { loadInBackground } from '../kit/load.ts';
import { nginxOrSkip, startNginx } from '../kit/nginx.ts';
import { site } from '../kit/services.ts';
import { REPOSITORY } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';

test.skipIf(!nginxOrSkip())(
  'NGINX at the edge answers every GET while every Cutover process is killed under load',
  async () => {
    const [legacy, candidate] = [await site().start(), await site().start()];
    const running = await gateway()
      .legacy(legacy)
      .candidate(candidate)
      .config({ workers: 2, trustedProxies: ['127.0.0.1/32'], rollout: { shadow: { sample: '50%' } } })
      .start();
    const cutover = Number(new URL(running.url).port);
    const nginx = await startNginx({
      file: join(REPOSITORY, 'deploy/nginx/behind.conf'),
      ports: { cutover, legacy: legacy.port },
    });
    onTestFinished(async () => {
      await nginx?.stop();
      await running.stop();
      await Promise.all([legacy.stop(), candidate.stop()]);
    });
    const load = loadInBackground({
      url: nginx?.url('edge') ?? '',
      clients: 24,
      request: (client, index) => ({ target: `/api/items/${(client * 31 + index) % 200}` }),
    });
    await until(() => candidate.count() > 200, 'copies to flow');
    const beforeKill = legacy.count();
    const { supervisor, workers } = running.pids();
    expect([supervisor > 0, workers.length]).toEqual([true, 2]);
    running.killAll();
    await until(() => legacy.count() > beforeKill + 500, 'NGINX to go on with the backup');
    const result = await load.stop();
    expect(result.errors).toEqual([]);
    expect(Object.keys(result.statuses)).toEqual(['200']);
    expect(result.shots.length).toBeGreaterThan(700);
  },
  60_000,
);

test.skipIf(!nginxOrSkip())('behind NGINX both lanes see the client and not the edge', async () => {
  const [legacy, candidate] = [await site().start(), await site().start()];
  const running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({ trustedProxies: ['127.0.0.1/32'], rollout: { shadow: { sample: '100%' } } })
    .start();
  const nginx = await startNginx({
    file: join(REPOSITORY, 'deploy/nginx/behind.conf'),
    ports: { cutover: Number(new URL(running.url).port), legacy: legacy.port },
  });
  onTestFinished(async () => {
    await nginx?.stop();
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  expect((await fetchOnce(nginx?.url('edge') ?? '', { target: '/api/items/1' })).status).toBe(200);
  await until(() => candidate.count() === 1, 'the copy');
  for (const name of ['x-forwarded-for', 'x-request-id', 'host']) {
    expect([name, candidate.requests[0]?.all(name)]).toEqual([name, legacy.requests[0]?.all(name)]);
  }
  expect(legacy.requests[0]?.header('x-forwarded-for')).toMatch(/^127\.0\.0\.1, 127\.0\.0\.1$/);
});
