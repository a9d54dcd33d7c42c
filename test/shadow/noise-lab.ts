import { HeaderFields } from '../../src/core/headers.ts';
import type { Pair, PairResult } from '../../src/core/observation.ts';
import { classId } from '../../src/diff/fingerprint.ts';
import { comparePair } from '../../src/diff/compare.ts';
import type { Copy } from '../../src/shadow/copy.ts';
import { Mirror } from '../../src/shadow/mirror.ts';
import type { NoiseLeg } from '../../src/shadow/noise-leg.ts';
import { CopyCell } from '../../src/telemetry/cells.ts';
import { EvidenceBook } from '../../src/telemetry/class-evidence.ts';
import { boundsOf, judgeClass } from '../../src/telemetry/class-verdict.ts';
import type { ClassBounds, ClassVerdict } from '../../src/telemetry/class-verdict.ts';
import { ClassTable } from '../../src/telemetry/classes.ts';
import type { OutboundHandler } from '../../src/wire/types.ts';
import { gatewayConfig } from '../kit/snapshot.ts';

const JSON_HEAD = {
  status: 200,
  reason: 'OK',
  fields: new HeaderFields(['Content-Type', 'application/json']),
  framing: 'length',
  contentLength: 1,
} as const;
const SILENT = { write: () => true, end: () => {}, pause: () => {}, resume: () => {}, abort: () => {} };

/** A class with what is said about it. */
export type Judged = ClassVerdict & { readonly id: string; readonly bounds: () => ClassBounds };

/**
 * The real way of an answer from the wire to a verdict (copy, noise leg, mirror, comparison, class table, evidence),
 * without sockets and threads, so that a hundred thousand requests take seconds.
 */
export function noiseLab(noiseShare = 1) {
  const shadow = { ...gatewayConfig('http://a:1', 'http://b:1').shadow, noiseShare };
  const table = new ClassTable(classId);
  const compare = (pair: Pair, done: (result: PairResult | null) => void): boolean => {
    done(comparePair(pair));
    return true;
  };
  const mirror = new Mirror({
    shadow,
    mask: ({ target }) => ({ target, request: [] }),
    classes: table,
    sink: { compare },
  });
  const cell = new CopyCell({ route: 'all', region: 'eu', direction: 'shadow' });
  const book = new EvidenceBook();
  let asked = 0;
  /** One request and its bodies: legacy's, the candidate's, and legacy's second one. */
  const ask = (legacy: string, candidate: string, again: string): void => {
    asked += 1;
    const copy = mirror.begin(subjectOf(`r-${asked}`), cell, undefined);
    let leg: NoiseLeg | null = null;
    copy.send((_body, _handler, noise) => {
      leg ??= noise;
      return SILENT;
    });
    answerOriginal(copy, legacy);
    if (leg !== null) play(leg, again);
    play(copy, candidate);
  };
  /** What is said about every class by now. */
  const judge = (margin = 0.001): Judged[] => {
    book.learn(table.take());
    const { classes, endpoints } = book.of(1);
    const triples = new Map(endpoints.map((counts) => [counts.endpoint, counts.triples]));
    return classes.map((known) => ({
      id: known.id,
      bounds: () => boundsOf(known, triples.get(known.endpoint) ?? 0),
      ...judgeClass(known, triples.get(known.endpoint) ?? 0, margin),
    }));
  };
  return { ask, judge, cell, mirror };
}

/** The id of a class at the endpoint of the lab. */
export function labClass(kind: Parameters<typeof classId>[1], path: string): string {
  return classId('GET /orders/{id}', kind, path);
}

function subjectOf(requestId: string) {
  return {
    requestId,
    direction: 'shadow',
    epoch: 1,
    revision: 1,
    route: 'all',
    region: 'eu',
    endpoint: 'GET /orders/{id}',
    method: 'GET',
    target: '/orders/7',
    conditional: false,
  } as const;
}

function answerOriginal(copy: Copy, body: string): void {
  copy.original.sent();
  copy.original.head(JSON_HEAD);
  copy.original.body.add(Buffer.from(body));
  copy.originalEnd(null);
}

function play(handler: OutboundHandler, body: string): void {
  handler.onSent(true);
  handler.onHead(JSON_HEAD);
  handler.onData(Buffer.from(body));
  handler.onEnd();
}
