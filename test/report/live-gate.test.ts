import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromExactJson, toExactJson } from '../../src/control/schema/exact-json.ts';
import { keepGateInput } from '../../src/control/schema/gate-input.ts';
import { statusSchema } from '../../src/control/schema/status.ts';
import type { Status } from '../../src/control/schema/status.ts';
import { buildStatus } from '../../src/control/status.ts';
import { CutoverError } from '../../src/core/errors.ts';
import { buildReport, reportJson } from '../../src/report/build.ts';
import { judgeLive } from '../../src/report/live-gate.ts';
import { reportSchema } from '../../src/report/schema.ts';
import type { Report } from '../../src/report/schema.ts';
import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { Evidence } from '../../src/rollout/gates/evidence.ts';
import { VERDICTS } from '../../src/rollout/gates/types.ts';
import { summarise } from '../../src/telemetry/summary.ts';
import type { Window } from '../../src/telemetry/types.ts';
import { at } from '../rollout/fixtures.ts';
import { gateInput, gatePlan, windowOf } from '../rollout/gates-fixtures.ts';
import { inputSample } from './report-sample.ts';

const BUILD = '0.1.0+0123456789ab';

/** What the admin API answers about an input, as a client reads it. */
function statusOf(input: GateInput): Status {
  const status = buildStatus({
    build: BUILD,
    atMs: input.nowMs,
    startedAtMs: 0,
    snapshot: { revision: 1, inEffect: true, configHash: 'c' },
    classes: 0,
    listeners: [],
    workers: [],
    store: { mode: 'live', message: null },
    state: input.state,
    plan: input.plan,
    gate: decide(input),
    summary: summarise(null),
  });
  return statusSchema.parse(JSON.parse(JSON.stringify(status)));
}

/** The text of the report about an input. */
function reportText(input: GateInput): string {
  return reportJson(
    buildReport({ ...inputSample, status: statusOf(input), gateInput: keepGateInput(input) }),
  );
}

function read(text: string): Report {
  return reportSchema.parse(JSON.parse(text));
}

/** What `gate --json` prints of a live status, and what comes of the report. */
function both(input: GateInput): [live: string, again: string] {
  const { atMs, gate } = statusOf(input);
  const judged = judgeLive(read(reportText(input)), BUILD);
  return [JSON.stringify({ atMs, gate }), JSON.stringify({ atMs: judged.atMs, gate: judged.gate })];
}

function evidenceOf(windows: readonly Window[], noise = false): Evidence {
  return windows.reduce(
    (evidence, window) => addWindow(evidence, window, 0.001, 10_000, noise),
    noEvidence(windows[0]?.epoch ?? 1),
  );
}

const SHOWN = fc
  .record({
    route: fc.constantFrom('api', '_unrouted', '12', 'a.b'),
    region: fc.constantFrom('eu-west', 'us-east', 'elsewhere'),
    direction: fc.constantFrom('shadow' as const, 'reverse' as const),
    pairs: fc.integer({ min: 0, max: 4_000 }),
    plus: fc.integer({ min: 0, max: 40 }),
    minus: fc.integer({ min: 0, max: 40 }),
    differing: fc.integer({ min: 0, max: 20 }),
    dropped: fc.constantFrom(0, 0, 0, 3, 200),
    legacy: fc.integer({ min: 0, max: 3_000 }),
    candidate: fc.integer({ min: 0, max: 3_000 }),
    bad: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ pairs, plus, minus, differing, legacy, candidate, bad, ...place }) => ({
    ...place,
    writePairs: Math.min(pairs, bad),
    error: { n: pairs + plus + minus, plus, minus },
    difference: { plus: differing },
    legacy: { requests: legacy + bad, bad, writes: bad },
    candidate: { requests: candidate + bad, bad, fallbacks: bad },
  }));

const INPUT = fc
  .record({
    windows: fc.array(fc.array(SHOWN, { maxLength: 4 }), { maxLength: 8 }),
    place: fc.constantFrom(
      at('shadow'),
      at('canary'),
      at('regional', 0),
      at('regional', 1),
      at('regional', 2),
      at('enforce'),
      at('retired'),
    ),
    state: fc.record({
      bypass: fc.boolean(),
      paused: fc.boolean(),
      withdrawn: fc.constantFrom([], ['eu-west'], ['eu-west', 'us-east']),
      provenFor: fc.constantFrom(null, at('shadow').provenFor),
      legacyErrorRate: fc.double({ min: 0, max: 1, noNaN: true }),
      epochSinceMs: fc.integer({ min: 0, max: 100_000 }),
    }),
    noise: fc.boolean(),
    critical: fc.constantFrom([], ['api'], ['api', '12']),
    nowMs: fc.oneof(fc.constantFrom(0, 80_000, 1_000_000_000), fc.integer({ min: 0, max: 400_000_000 })),
    complete: fc.boolean(),
    gates: fc.record({
      minPairs: fc.integer({ min: 1, max: 2_000 }),
      errorRate: fc.constantFrom('auto' as const, 0.000_01, 0.01, -0),
      tail: fc.constantFrom(0.005, 0.1),
      differences: fc.constantFrom(0.001, 0.02),
      badWindows: fc.constantFrom('auto' as const, 0.2),
    }),
  })
  .map(({ windows, place, state, noise, gates, ...rest }) =>
    gateInput({
      ...rest,
      state: { ...place, ...state },
      plan: { ...gatePlan, gates: { ...gatePlan.gates, ...gates, noise } },
      evidence: evidenceOf(
        windows.map((shown, index) => windowOf(index, shown)),
        noise,
      ),
    }),
  );

test('a report judges to the same bytes as the gateway did, whatever it counted', () => {
  fc.assert(
    fc.property(INPUT, (input) => {
      const [live, again] = both(input);
      expect(again).toBe(live);
    }),
    { numRuns: 300 },
  );
});

const proven = evidenceOf([windowOf(99, [{ error: { n: 20_000 }, legacy: { requests: 20_000 } }])]);
const worse = evidenceOf(
  Array.from({ length: 11 }, (_, index) => windowOf(89 + index, [{ error: { n: 2_000, plus: 40 } }])),
);

describe('every verdict comes out of its report again', () => {
  test.each([
    ['ready', gateInput({ evidence: proven })],
    ['abort', gateInput({ evidence: worse })],
    ['invalid', gateInput({ evidence: proven, complete: false })],
    [
      'inconclusive',
      gateInput({
        evidence: { ...evidenceOf([windowOf(9_999, [{ error: { n: 5 } }])]), fromMs: 0 },
        nowMs: 100_000_000,
      }),
    ],
    ['hold', gateInput({ evidence: evidenceOf([windowOf(99, [{ error: { n: 5 } }])]) })],
  ] as const)('%s', (verdict, input) => {
    const [live, again] = both(input);
    expect(again).toBe(live);
    expect(JSON.parse(again)).toMatchObject({ gate: { verdict } });
  });

  test('the list above names all of them', () => {
    expect([...VERDICTS].toSorted()).toEqual(['abort', 'hold', 'inconclusive', 'invalid', 'ready']);
  });
});

/** A report after somebody was at it. */
function tampered(change: (report: Report) => void, input = gateInput({ evidence: worse })): Report {
  const report = read(reportText(input));
  change(report);
  return report;
}

/** The failure of a report. */
function failure(report: Report, build = BUILD): CutoverError {
  try {
    judgeLive(report, build);
  } catch (error) {
    if (error instanceof CutoverError) return error;
    throw error;
  }
  throw new Error('it was judged');
}

describe('a report that was changed is recognised', () => {
  test.each<[string, (report: Report) => void]>([
    ['a count', ({ gateInput: { evidence } }) => void (evidence.pairs[0]!.error.plus = 0)],
    ['a test of windows', ({ gateInput: { evidence } }) => void (evidence.tests = {})],
    ['a route more', ({ gateInput: { evidence } }) => void evidence.requests.pop()],
    ['the hash', ({ gate }) => void (gate.evidenceHash = 'ab'.repeat(32))],
    ['a margin', ({ gateInput: { plan } }) => void (plan.gates.errorRate = 0.5)],
    ['the position', ({ gateInput: { state } }) => void (state.phase = 'enforce')],
    ['the moment', ({ gateInput: kept }) => void (kept.nowMs += 60_000)],
    ['the moment of the report', ({ meta }) => void (meta.madeAtMs += 1)],
    ['the verdict', ({ gate }) => void (gate.verdict = 'ready')],
    ['a critical route', ({ gateInput: { critical } }) => void critical.push('api')],
  ])('%s', (_, change) => {
    const input = gateInput({
      evidence: evidenceOf([
        windowOf(99, [
          { error: { n: 2_000, plus: 40 }, legacy: { requests: 9 }, candidate: { requests: 9 } },
        ]),
      ]),
    });
    expect(failure(tampered(change, input))).toMatchObject({ code: 'EVIDENCE_CHANGED', exitCode: 7 });
  });

  test('what cannot be judged at all is a clear error, and no defect', () => {
    const report = tampered(({ gateInput: { evidence } }) => {
      Object.assign(evidence, { pairs: [{ ...evidence.pairs[0], error: { n: 1e308, plus: -1, minus: 0 } }] });
    });
    expect(failure(report).exitCode).toBe(7);
  });
});

describe('another build', () => {
  test('that gives the same verdict is said beside it', () => {
    const { gate, warning } = judgeLive(
      read(reportText(gateInput({ evidence: worse }))),
      '0.2.0+fedcba987654',
    );
    expect(gate.verdict).toBe('abort');
    expect(warning).toContain('made by build 0.1.0+0123456789ab, and this is 0.2.0+fedcba987654');
  });

  test('that gives another verdict refuses instead of saying it', () => {
    const report = tampered(({ gate }) => void (gate.message = 'as another build words it'));
    expect(failure(report, '0.2.0+fedcba987654')).toMatchObject({ code: 'OTHER_BUILD', exitCode: 2 });
    expect(failure(report).code).toBe('EVIDENCE_CHANGED');
  });

  test('with other counts is found out by their hash all the same', () => {
    const report = tampered(({ gateInput: { evidence } }) => void (evidence.pairs[0]!.error.plus = 0));
    expect(failure(report, '0.2.0+fedcba987654').code).toBe('EVIDENCE_CHANGED');
  });
});

test('a report carries no secret of the plan, and not the salt of the shares', () => {
  const { canary } = gatePlan;
  const secret = { ...canary.match[0]!, header: ['x-canary', 'hunter2-hunter2'] as const };
  const input = gateInput({ plan: { ...gatePlan, canary: { ...canary, match: [secret] } } });
  const text = reportText({ ...input, state: { ...input.state, salt: 987_654_321 } });
  expect(text).not.toMatch(/hunter2|987654321/);
  expect(read(text).gateInput.plan.canary.match).toHaveLength(1);
});

test('fields that the gates learn to read later travel without a line of their own', () => {
  const kept = keepGateInput({
    ...gateInput(),
    siem: { count: 3, cusum: [0, -0, Infinity, 0.1] },
  } as unknown as GateInput);
  expect(kept['siem']).toEqual({ count: 3, cusum: [0, { $number: '-0' }, { $number: 'Infinity' }, 0.1] });
  expect(reportSchema.shape.gateInput.parse(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
});

test('numbers come back to the last bit, those that JSON cannot say too', () => {
  const number = fc.oneof(fc.double(), fc.constantFrom(-0, 0, Infinity, -Infinity, NaN, 5e-324));
  const data = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      number,
      fc.string(),
      fc.constant(null),
      fc.array(tie('node')),
      fc.dictionary(fc.constantFrom('$number', 'a', '1', 'b'), tie('node'), { noNullPrototype: true }),
    ),
  })).node;
  const ambiguous = /"\$number":"(?:-?Infinity|-0|NaN)"/;
  fc.assert(
    fc.property(data, (value) => {
      fc.pre(!ambiguous.test(JSON.stringify(value)));
      expect(fromExactJson(JSON.parse(JSON.stringify(toExactJson(value))))).toStrictEqual(value);
    }),
  );
});
