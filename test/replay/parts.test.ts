import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CapturedRequest } from '../../src/replay/capture/types.ts';
import { laneRequestOf, requestIdOf, skippedBecause } from '../../src/replay/lane-request.ts';
import { Ledger } from '../../src/replay/ledger.ts';
import { Schedule } from '../../src/replay/pace.ts';
import type { PairEnd } from '../../src/replay/result.ts';
import { parseSessionBy, sessionOf } from '../../src/replay/session.ts';
import { Sessions } from '../../src/replay/sessions.ts';
import { ReplayTally } from '../../src/replay/tally.ts';

function request(part: Partial<CapturedRequest> = {}): CapturedRequest {
  return {
    method: 'GET',
    target: '/',
    host: 'shop',
    headers: [],
    body: Buffer.alloc(0),
    atMs: 0,
    clientAddress: '',
    upgrade: '',
    expectsContinue: false,
    logged: null,
    ...part,
  };
}
const POLICY = { writes: false, fallbackHost: 'fallback', host: null, seed: 7 };

test('whose request one is, is told by a cookie of a session, credentials or an address', () => {
  const auto = { kind: 'auto' } as const;
  expect(sessionOf(request({ headers: ['Cookie', 'a=b; PHPSESSID=1; c=d'] }), auto)).toBe('PHPSESSID=1');
  expect(
    sessionOf(request({ headers: ['Cookie', 'rack.session=x', 'Authorization', 'Bearer y'] }), auto),
  ).toBe('rack.session=x');
  expect(sessionOf(request({ headers: ['Cookie', 'lang=de', 'authorization', 'Bearer y'] }), auto)).toBe(
    'Bearer y',
  );
  expect(sessionOf(request({ clientAddress: '10.0.0.1' }), auto)).toBe('10.0.0.1');
  expect(sessionOf(request({ headers: ['X-Forwarded-For', '10.0.0.2, 10.0.0.3'] }), auto)).toBe('10.0.0.2');
  expect(sessionOf(request(), auto)).toBeNull();
  expect(sessionOf(request({ clientAddress: '10.0.0.1' }), { kind: 'none' })).toBeNull();
  expect(sessionOf(request({ headers: ['X-User', 'ada'] }), { kind: 'header', name: 'X-User' })).toBe('ada');
  expect(parseSessionBy('cookie:sid')).toEqual({ kind: 'cookie', name: 'sid' });
  expect(['cookie:', 'cookie', 'x', 'cookie:a b'].map(parseSessionBy)).toEqual([null, null, null, null]);
});

test('requests are due as they were captured, evenly, or at once', () => {
  const times = [1_000, 1_500, 1_200, 61_200, null];
  const due = (pace: ConstructorParameters<typeof Schedule>[0]): number[] => {
    const schedule = new Schedule(pace);
    return times.map((at) => schedule.due(at));
  };
  const original = { kind: 'original', speed: 1, maxGapMs: Number.POSITIVE_INFINITY } as const;
  expect(due(original)).toEqual([0, 500, 500, 60_200, 60_200]);
  expect(due({ ...original, speed: 10, maxGapMs: 1_000 })).toEqual([0, 50, 50, 150, 150]);
  expect(due({ kind: 'rate', perSecond: 4 })).toEqual([0, 250, 500, 750, 1_000]);
  expect(due({ kind: 'unpaced' })).toEqual([0, 0, 0, 0, 0]);
});

test('turns of a session run in order and never two at once, others so many at the most', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', null), fc.integer({ min: 0, max: 3 })), {
        maxLength: 40,
      }),
      fc.integer({ min: 1, max: 5 }),
      async (turns, concurrency) => {
        const sessions = new Sessions(concurrency);
        const begun: [session: string | null, at: number][] = [];
        const open = new Set<string>();
        let running = 0;
        for (const [at, [session, waits]] of turns.entries()) {
          sessions.add({
            session,
            run: async () => {
              begun.push([session, at]);
              running += 1;
              expect(running).toBeLessThanOrEqual(concurrency);
              if (session !== null) expect(open.has(session)).toBe(false);
              if (session !== null) open.add(session);
              for (let count = 0; count < waits; count += 1) await Promise.resolve();
              if (session !== null) open.delete(session);
              running -= 1;
            },
          });
        }
        await sessions.settled();
        expect(begun).toHaveLength(turns.length);
        for (const session of ['a', 'b', 'c']) {
          const order = begun.filter(([each]) => each === session).map(([, at]) => at);
          expect(order).toEqual(order.toSorted((one, other) => one - other));
        }
      },
    ),
  );
});

const END: PairEnd = {
  outcome: 'compared',
  judged: true,
  differences: [],
  differs: false,
  statusDiffers: false,
  improvedOnly: false,
  ignored: [],
  legacy: '200',
  candidate: '200',
  legacyUs: 1,
  candidateUs: 1,
};
const subject = (line: number) => ({
  line,
  requestId: `r${line}`,
  endpoint: 'GET /',
  method: 'GET',
  target: `/${line}`,
});

test('the tally hears of pairs in the order of the capture, whichever ended first', () => {
  const tally = new ReplayTally();
  const ledger = new Ledger(tally);
  const difference = { kind: 'json_value', path: '/a', legacy: '1', candidate: '2' } as const;
  const ends = [1, 2, 3].map((line) => ledger.enter(line - 1, subject(line), true));
  for (const at of [2, 1]) ends[at]?.({ ...END, differs: true, differences: [difference] });
  expect([tally.counts.sent, ledger.open]).toEqual([0, 3]);
  ends[0]?.(END);
  expect([tally.counts.sent, ledger.open]).toEqual([3, 0]);
  expect(tally.state().classes[0]).toMatchObject({ count: 2, example: { line: 2 } });
});

test('an interrupted book names what goes on, and counts what was cut off once', () => {
  const tally = new ReplayTally();
  const ledger = new Ledger(tally);
  const ends = [true, true, false, true].map((repeatable, at) =>
    ledger.enter(at, subject(at + 1), repeatable),
  );
  const cut: PairEnd = { ...END, outcome: 'interrupted', judged: false };
  ends[0]?.(cut);
  ends[2]?.(cut);
  ends[3]?.(END);
  const again = ledger.close();
  // The second was never sent, the first may be sent again; the third was a write.
  expect(again).toEqual([0, 1]);
  expect(tally.counts).toMatchObject({ read: 2, sent: 2, outcomes: { compared: 1, interrupted: 1 } });
  ledger.countUnfinished(again);
  expect(tally.counts).toMatchObject({
    read: 4,
    sent: 3,
    outcomes: { compared: 1, interrupted: 2 },
    skipped: { interrupted: 1 },
  });
});

test('a tally that was stored and restored goes on as if nothing had been', () => {
  const [one, other] = [new ReplayTally(), new ReplayTally()];
  const difference = { kind: 'status', path: 'status/200-404', legacy: '200', candidate: '404' } as const;
  const bad: PairEnd = {
    ...END,
    differs: true,
    statusDiffers: true,
    differences: [difference],
    candidate: '404',
  };
  const half = new ReplayTally();
  for (const tally of [one, half]) tally.add(subject(2), bad);
  other.restore(JSON.parse(JSON.stringify(half.state())));
  for (const tally of [one, other]) {
    tally.add(subject(1), bad);
    tally.leave('range');
  }
  expect(other.state()).toEqual(one.state());
  expect(other.state().classes[0]?.example.line).toBe(1);
});

test('a request that may change something is sent when that was allowed, and a log knows no body', () => {
  expect(skippedBecause(request({ method: 'POST' }), POLICY)).toBe('method');
  expect(skippedBecause(request({ method: 'POST' }), { ...POLICY, writes: true })).toBeNull();
  expect(skippedBecause(request({ method: 'POST', body: null }), { ...POLICY, writes: true })).toBe(
    'body_unknown',
  );
  expect(skippedBecause(request({ method: 'CONNECT' }), { ...POLICY, writes: true })).toBe('method');
  expect(skippedBecause(request({ upgrade: 'websocket' }), POLICY)).toBe('upgrade');
  expect(skippedBecause(request({ expectsContinue: true }), POLICY)).toBe('expect');
  expect(skippedBecause(request({ headers: ['Range', 'bytes=0-'] }), POLICY)).toBe('range');
  expect(skippedBecause(request({ headers: ['X-Cutover-Copy', '1'] }), POLICY)).toBe('marked');
});

test('both lanes get the same request but for the key that makes a write happen once', () => {
  const id = requestIdOf(7, 0);
  const [legacy, candidate] = (['legacy', 'candidate'] as const).map((lane) =>
    laneRequestOf(
      lane,
      request({ headers: ['Idempotency-Key', 'k', 'X-Request-Id', 'old'], clientAddress: '10.0.0.1' }),
      id,
      POLICY,
    ),
  );
  expect(legacy?.headers).toEqual([
    'X-Request-Id',
    id,
    'X-Forwarded-For',
    '10.0.0.1',
    'Idempotency-Key',
    `k-${id}-legacy`,
  ]);
  expect(candidate?.headers.at(-1)).toBe(`k-${id}-candidate`);
  expect([legacy?.host, laneRequestOf('legacy', request({ host: '' }), id, POLICY).host]).toEqual([
    'shop',
    'fallback',
  ]);
  expect([requestIdOf(7, 0), requestIdOf(8, 0)]).toEqual([id, expect.not.stringMatching(id)]);
});
