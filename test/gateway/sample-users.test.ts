import { expect, test } from 'vitest';
import type { RolloutView } from '../../src/core/snapshot.ts';
import { CohortCounter } from '../../src/telemetry/cohort-counter.ts';
import { mergeCohorts } from '../../src/telemetry/cohort-merge.ts';
import type { SampleUsers } from '../../src/telemetry/cohort-types.ts';
import { KeepAliveClient } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';

const USERS = 200;

/** The first user asks fifty times, all others twice. @returns what was counted of their lots */
async function drawn(rollout: Partial<RolloutView>, cookie = 'sid'): Promise<SampleUsers | undefined> {
  const gateway = await inProcessGateway(await lanes(), { phase: 'shadow', salt: 42, ...rollout });
  const client = new KeepAliveClient(gateway.url);
  for (let user = 0; user < USERS; user += 1) {
    const headers = { Cookie: `${cookie}=user-${user}` };
    for (let times = user === 0 ? 50 : 2; times > 0; times -= 1)
      await client.request({ method: 'GET', headers });
  }
  client.close();
  await gateway.settled();
  const counter = new CohortCounter();
  return mergeCohorts(gateway.deltas.map(({ epoch, cohorts }) => counter.count(epoch, cohorts)))?.sample;
}

test('a user is counted once in the sample, or once out of it, however often he asks', async () => {
  const { chosen = 0, left = 0 } = (await drawn({ sample: 0.3 })) ?? {};
  expect(chosen + left).toBe(USERS);
  expect(chosen).toBeGreaterThan(USERS * 0.2);
  expect(chosen).toBeLessThan(USERS * 0.4);
});

test('no user is counted where there is no lot to draw, or no user is known', async () => {
  expect(await drawn({ sample: 1 })).toBeUndefined();
  expect(await drawn({ sample: 0 })).toBeUndefined();
  expect(await drawn({ sample: 0.3 }, 'other')).toBeUndefined();
});
