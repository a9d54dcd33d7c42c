import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gateway } from './gateway.ts';
import { load } from './load.ts';
import { nginxOrSkip, startNginx } from './nginx.ts';
import { REPOSITORY } from './shared-data.ts';
import { until } from './until.ts';
import { upstream } from './upstream.ts';

test.skipIf(!nginxOrSkip())(
  'behind NGINX: clients see no error when every Cutover process is killed under load',
  { timeout: 60_000 },
  async () => {
    const legacy = await upstream().json({ by: 'legacy' }).slow(3).start();
    const candidate = await upstream().json({ by: 'candidate' }).start();
    const cut = await gateway()
      .legacy(legacy)
      .candidate(candidate)
      .config({ workers: 2, explainHeaders: true })
      .start();
    const ports = { cutover: Number(new URL(cut.url).port), legacy: legacy.port };
    const edge = await startNginx({ file: join(REPOSITORY, 'deploy/nginx/behind.conf'), ports });
    try {
      let stop = false;
      let answered = 0;
      const note = (answer: { rawHeaders: readonly string[] }) => {
        answered += 1;
        return answer.rawHeaders.some((name) => name.toLowerCase() === 'x-cutover-lane')
          ? 'cutover'
          : 'backup';
      };
      const running = load({ url: edge?.url('edge') ?? '', clients: 16, until: () => stop, note });
      await until(() => answered > 500, 'traffic through Cutover', 20_000);
      cut.killAll();
      const before = answered;
      await until(() => answered > before + 500, 'traffic through the backup', 20_000);
      stop = true;
      const result = await running;
      expect(result.errors).toEqual([]);
      expect(Object.keys(result.statuses)).toEqual(['200']);
      expect(new Set(result.shots.map((shot) => shot.note))).toEqual(new Set(['cutover', 'backup']));
    } finally {
      await edge?.stop();
      await cut.stop();
      await legacy.stop();
      await candidate.stop();
    }
  },
);
