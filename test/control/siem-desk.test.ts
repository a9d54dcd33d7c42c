import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { wallMs } from '../../src/core/clock.ts';
import { SiemDesk } from '../../src/control/siem-desk.ts';
import type { SiemReading } from '../../src/rollout/gates/siem.ts';
import { certificate } from '../kit/certificates.ts';
import { USER, indexer } from '../kit/indexer.ts';
import { temporaryFolder } from '../kit/process.ts';
import { until } from '../kit/until.ts';
import { at, plan } from '../rollout/fixtures.ts';
import { NODE, beat } from '../siem/kit.ts';

/** What the first answer with heartbeats says, of an epoch that began `ageMs` before this process. */
async function firstAnswer(ageMs: number): Promise<SiemReading | undefined> {
  const server = await indexer();
  const { path, remove } = temporaryFolder('cutover-siem-desk');
  const heard: SiemReading[] = [];
  const state = { ...at('regional', 0), epoch: 7, epochSinceMs: wallMs() - ageMs };
  const indexed = {
    url: server.url,
    version: 4,
    index: null,
    username: USER.name,
    password: USER.password,
  } as const;
  const times = { lagMs: 2_000, spanMs: 60_000, intervalMs: 100, timeoutMs: 1_000 };
  const desk = new SiemDesk({
    siem: {
      events: { file: join(path, 'siem.json'), heartbeatMs: 60_000, maxBytes: 1_000_000, keep: 1 },
      indexer: { ...indexed, ...times, ca: certificate('ca.pem') },
    },
    node: NODE,
    build: 'test',
    state: () => state,
    plan: () => plan,
    subscribe: () => () => {},
    hear: (readings) => heard.push(...readings),
    log: () => {},
  });
  onTestFinished(async () => {
    await desk.close();
    await server.stop();
    remove();
  });
  beat(server);
  return await until(() => heard.find(({ toMs }) => toMs > 0), 'an answer with heartbeats');
}

test('a supervisor that is started again in an epoch does not trust the silence about what it had not written', async () => {
  expect((await firstAnswer(60_000))?.odd).toContain('the gateway was restarted');
  expect((await firstAnswer(-60_000))?.odd).toBeNull();
});
