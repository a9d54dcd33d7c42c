import { expect, onTestFinished, test } from 'vitest';
import { TelemetryHub } from '../../src/control/telemetry-hub.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Difference } from '../../src/core/observation.ts';
import { classId } from '../../src/diff/fingerprint.ts';
import { ClassTable } from '../../src/telemetry/classes.ts';
import type { ClassSource } from '../../src/telemetry/classes.ts';
import { openForTest, temporaryFile } from '../store/kit/temporary.ts';
import { IDLE_GAUGES } from '../kit/gauges.ts';

const START_MS = 1_790_000_000_000;
const ANSWER = { status: 200, bodyBytes: 9, totalUs: 1_000 };

const NOTHING = {
  incarnation: 'w',
  epoch: 1,
  lanes: [],
  copies: [],
  ineligible: {},
  edge: {},
  gauges: IDLE_GAUGES,
};

function source(endpoint: string): ClassSource {
  return {
    requestId: 'r',
    direction: 'shadow',
    epoch: 1,
    route: 'all',
    endpoint,
    method: 'GET',
    evidence: true,
    legacy: ANSWER,
    candidate: ANSWER,
    masked: () => ({ target: '/', request: [] }),
  };
}

function missing(path: string): Difference {
  return { kind: 'json_missing', path, legacy: '1', candidate: null };
}

test(
  'a real regression is stored, judged and told after a flood of keys that are chance, over many restarts of workers',
  { timeout: 60_000 },
  async () => {
    const lines: string[] = [];
    const hub = new TelemetryHub({ windowMs: 10_000, log: (_level, message) => lines.push(message) });
    onTestFinished(() => hub.close());
    const { telemetry } = openForTest({ file: temporaryFile() });
    await hub.act(telemetry, 0);
    let sequence = 0;
    const say = (table: ClassTable): void => {
      sequence += 1;
      const times = { fromMs: START_MS + sequence, toMs: START_MS + sequence + 1 };
      hub.add({ ...NOTHING, sequence, ...times, ...table.take() });
    };
    // Each table is a worker that knows nothing of those before it.
    for (let worker = 0; worker < 20; worker += 1) {
      const table = new ClassTable(classId);
      for (let pair = 0; pair < 200; pair += 1)
        table.pair(source('GET /random'), [missing(`/data/w${worker}-k${pair}`)]);
      say(table);
    }
    const real = new ClassTable(classId);
    real.pair(source('GET /orders'), [missing('/price')]);
    real.pair(source('GET /random'), [{ ...missing('/price'), kind: 'json_value', candidate: '2' }]);
    say(real);
    await hub.flush();
    const stored = await telemetry.readClasses(LIMITS.storeClasses);
    expect(stored).toHaveLength(LIMITS.classesPerEndpointKind + 1 + 2);
    expect(await telemetry.readClass(classId('GET /orders', 'json_missing', '/price'))).not.toBeNull();
    expect(await telemetry.readClass(classId('GET /random', 'json_value', '/price'))).not.toBeNull();
    expect(stored[0]).toMatchObject({ endpoint: 'GET /random', path: '{other}' });
    const events = hub.events.after(0).map(({ event }) => (event.type === 'new_class' ? event.id : ''));
    expect(events).toContain(classId('GET /orders', 'json_missing', '/price'));
    expect(lines.filter((line) => line.startsWith('new difference'))).toHaveLength(LIMITS.newClassLines);
    expect(lines.filter((line) => line.includes('counted as {other}'))).toHaveLength(1);
    expect(hub.lostClasses).toEqual({ gaveWay: 0, unjudged: 0 });
  },
);
