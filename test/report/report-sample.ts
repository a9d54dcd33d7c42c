import { buildReport } from '../../src/report/build.ts';
import type { ReportInput } from '../../src/report/build.ts';
import type { Report } from '../../src/report/schema.ts';
import { keepGateInput } from '../../src/control/schema/gate-input.ts';
import { gateInput } from '../rollout/gates-fixtures.ts';
import { statusSample } from '../cli/status-sample.ts';

type Class = ReportInput['differences']['classes'][number];
type Example = NonNullable<Class['example']>;

/** One class of differences, with what a test wants different about it and its example. */
export function differenceClass(
  part: Partial<Class> = {},
  difference: Partial<Example['difference']> = {},
): Class {
  const { kind = 'json_type', path = '/total' } = part;
  const example: Example = {
    requestId: 'a1-7',
    atMs: Date.UTC(2026, 10, 23, 14, 2, 11),
    direction: 'shadow',
    epoch: 4,
    method: 'GET',
    target: '/orders/17',
    difference: { kind, path, legacy: '10.5', candidate: '"10.50"', ...difference },
  };
  return {
    id: '0123456789abcdef',
    route: 'api',
    endpoint: 'GET /orders/{id}',
    kind,
    path,
    count: 412,
    firstSeenMs: Date.UTC(2026, 10, 23, 14, 2, 11),
    lastSeenMs: Date.UTC(2026, 10, 23, 14, 2, 26),
    example,
    ...part,
  };
}

const hash = 'cd'.repeat(32);

/** What a report is made of. */
export const inputSample: ReportInput = {
  status: statusSample,
  gateInput: keepGateInput(gateInput()),
  differences: { schemaVersion: 1, compared: 3_002, total: 2, classes: [differenceClass()] },
  example: {
    schemaVersion: 1,
    class: differenceClass(),
    reproduce: {
      legacy: 'curl -si -X GET http://127.0.0.1:8081/orders/17',
      candidate: 'curl -si -X GET http://127.0.0.1:7001/orders/17',
    },
  },
  history: {
    schemaVersion: 1,
    intact: true,
    total: 9,
    configurations: [],
    entries: [
      {
        sequence: 8,
        atMs: Date.UTC(2026, 10, 23, 14, 0, 0),
        who: 'gate',
        verb: 'rollback',
        from: { phase: 'regional', step: 1 },
        to: { phase: 'regional', step: 1 },
        reason: 'PROVEN_WORSE: orders fail',
        region: 'us-east',
        forced: false,
        epoch: 3,
        evidenceHash: hash,
        previousHash: hash,
        hash,
      },
      {
        sequence: 9,
        atMs: Date.UTC(2026, 10, 23, 14, 2, 11),
        who: 'ada@local',
        verb: 'advance',
        from: { phase: 'regional', step: 0 },
        to: { phase: 'regional', step: 1 },
        reason: '',
        region: null,
        forced: true,
        epoch: 4,
        evidenceHash: null,
        previousHash: hash,
        hash,
      },
    ],
  },
};

/** A report with another part or two. */
export function reportWith(part: Partial<ReportInput> = {}): Report {
  return buildReport({ ...inputSample, ...part });
}

/** A report whose only class, and its example, are this one. */
export function reportOf(found: Class): Report {
  return reportWith({
    differences: { schemaVersion: 1, compared: 10, total: 1, classes: [found] },
    example: { schemaVersion: 1, class: found, reproduce: null },
  });
}
