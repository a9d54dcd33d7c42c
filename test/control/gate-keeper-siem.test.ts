import { expect, test } from 'vitest';
import type { SiemReading } from '../../src/rollout/gates/siem.ts';
import { until } from '../kit/until.ts';
import { advance } from '../rollout/controller-kit.ts';
import { gatePlan } from '../rollout/gates-fixtures.ts';
import { keeper } from './kit/keeper.ts';

const PLAN = {
  ...gatePlan,
  gates: {
    ...gatePlan.gates,
    siem: { minAlerts: 3, ratio: 2, level: 8, atOnce: 12, enforce: false },
  },
  siemFreshMs: 26_000,
};

/** A rollout with shares in two regions. */
async function regional() {
  const kit = await keeper(undefined, PLAN);
  await kit.controller.apply({ ...advance, to: { phase: 'regional', step: 1 } });
  const reading = (region: string, level: number | null): SiemReading => ({
    region,
    epoch: kit.controller.state.epoch,
    atMs: kit.now(),
    toMs: kit.now(),
    odd: null,
    alerts: { legacy: [], candidate: level === null ? [] : [{ level, count: 1 }] },
  });
  return { ...kit, reading };
}

test('takes a region back at the word of the SIEM, without waiting for a window, and once', async () => {
  const { controller, gates, asked, reading } = await regional();
  const readings = [reading('eu-west', 12), reading('us-east', null)];
  gates.hear(readings);
  gates.hear(readings);
  await until(() => controller.state.withdrawn.length > 0, 'the region to go back');
  gates.hear(readings);
  expect(controller.state).toMatchObject({ phase: 'regional', step: 1, withdrawn: ['eu-west'] });
  expect(asked).toHaveLength(1);
  const { entries } = await controller.history(1);
  expect(entries[0]).toMatchObject({ verb: 'rollback', who: 'gate', region: 'eu-west' });
  expect(entries[0]?.reason).toMatch(/^SIEM_ALERTS: SIEM: 1 alerts of level 12/);
});

test('tells of an answer that says nothing, once, and leaves everything where it is', async () => {
  const { controller, gates, asked, events, reading } = await regional();
  const odd = [{ ...reading('us-east', null), odd: 'it is busy' }, reading('eu-west', null)];
  gates.hear(odd);
  gates.hear(odd);
  expect(gates.report()).toMatchObject({ verdict: 'invalid', reason: 'SIEM_ODD' });
  expect(events.filter((event) => event.type === 'gate' && event.reason === 'SIEM_ODD')).toHaveLength(1);
  expect([asked, controller.state.withdrawn]).toEqual([[], []]);
});
