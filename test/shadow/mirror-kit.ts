import { HeaderFields } from '../../src/core/headers.ts';
import type { PairResult } from '../../src/core/observation.ts';
import type { Direction } from '../../src/core/snapshot.ts';
import type { Copy } from '../../src/shadow/copy.ts';
import { Mirror } from '../../src/shadow/mirror.ts';
import { CopyCell } from '../../src/telemetry/cells.ts';
import { ClassTable } from '../../src/telemetry/classes.ts';
import { Tallies } from '../../src/telemetry/tallies.ts';
import { gatewayConfig } from '../kit/snapshot.ts';

export const SHADOW = {
  ...gatewayConfig('http://a:1', 'http://b:1').shadow,
  maxInFlight: 3,
  maxBytes: 5_000,
  answerBytes: 500,
};
export const HEAD = {
  status: 200,
  reason: 'OK',
  fields: new HeaderFields(),
  framing: 'none',
  contentLength: -1,
} as const;

/** A mirror whose pairs wait for the test to answer them. */
export function bench(capacity = 2, shadow = SHADOW, nowUs?: () => number) {
  const open: ((result: PairResult | null) => void)[] = [];
  const classes = new ClassTable((endpoint, kind, path) => `${endpoint}${kind}${path}`);
  const mirror = new Mirror({
    shadow,
    nowUs,
    mask: ({ target }) => ({ target, request: [] }),
    tallies: new Tallies(),
    classes,
    sink: {
      compare: (_pair, done) => {
        if (open.length >= capacity) return false;
        open.push(done);
        return true;
      },
    },
  });
  return { mirror, open, classes };
}

export function begin(mirror: Mirror, cell: CopyCell, direction: Direction = 'shadow'): Copy {
  const rest = {
    revision: 1,
    route: 'all',
    region: 'eu',
    endpoint: 'GET /',
    method: 'GET',
    target: '/',
    conditional: false,
  };
  return mirror.begin({ requestId: 'r', direction, epoch: 1, ...rest }, cell, undefined);
}

export function send(copy: Copy): void {
  copy.send(() => ({ write: () => true, end: () => {}, pause: () => {}, resume: () => {}, abort: () => {} }));
}

export function newCell(direction: Direction = 'shadow'): CopyCell {
  return new CopyCell({ route: 'all', region: 'eu', direction });
}
