import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bodyOf } from '../../../src/control/notify/payload.ts';
import { News } from '../../../src/control/notify/news.ts';
import { retryAfterMs, retryDelayMs } from '../../../src/control/notify/retry.ts';
import { signedFields } from '../../../src/control/notify/sign.ts';
import { notificationSchema } from '../../../src/control/schema/notification.ts';
import { NOTIFIED_EVENTS } from '../../../src/core/events.ts';
import type { CutoverEvent } from '../../../src/core/events.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { flip, ROLLBACK, SECRET } from './kit.ts';

const NODE = { host: 'edge-1', region: 'eu-west', build: '0.1.0' };
const gate = (verdict: string, reason: string, epoch: number): CutoverEvent => ({
  type: 'gate',
  verdict,
  reason,
  message: 'because',
  phase: 'shadow',
  epoch,
});
const newClass: CutoverEvent = { type: 'new_class', id: 'a', endpoint: 'GET /', kind: 'status', path: 'x' };

const EVENTS: readonly CutoverEvent[] = [
  ROLLBACK,
  flip(true),
  gate('ready', 'PROVEN', 1),
  newClass,
  { type: 'config', hash: '', accepted: false, problems: 3 },
  { type: 'worker_down', pid: 7, slot: 0, how: 'SIGKILL', retryInMs: 100 },
  { type: 'worker_slow', pid: 7, slot: 0, loopDelayMs: 300.5 },
  { type: 'snapshot_late', revision: 3, missing: [7] },
  {
    type: 'hand_over',
    outcome: 'taken',
    pid: 8,
    build: 'b',
    from: { pid: 7, build: 'a' },
    forced: false,
    who: 'ana',
  },
  { type: 'store', ok: false, message: 'the disk is full' },
];

test('every kind of event that is told has a body that fits the schema', () => {
  expect(EVENTS.map(({ type }) => type)).toEqual([...NOTIFIED_EVENTS]);
  for (const [index, event] of EVENTS.entries()) {
    const body = bodyOf({ sequence: index, atMs: 1_795_545_266_218, event }, NODE);
    const { type, data } = notificationSchema.parse(JSON.parse(body));
    expect({ type, ...data }).toEqual(event);
  }
});

test('a body has an end, however long a reason or a list of routes is', () => {
  const long = 'é'.repeat(100_000);
  const body = bodyOf({ sequence: 1, atMs: 0, event: gate('hold', 'UNPROVEN_ROUTE', 1) }, NODE);
  const larger = bodyOf({ sequence: 1, atMs: 0, event: { ...ROLLBACK, reason: long } as CutoverEvent }, NODE);
  expect(body.length).toBeLessThan(1_000);
  expect(larger.length).toBeLessThan(2 * LIMITS.notifyTextChars + 1_000);
});

test('the published vector of Standard Webhooks has its published signature', () => {
  const fields = signedFields(
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    '{"test": 2432232314}',
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    1_614_265_330_999,
  );
  expect(fields).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a body outside of ASCII is signed as the bytes that are sent', () => {
  const body = '{"reason":"größer – 越"}';
  const key = Buffer.from(SECRET.slice(6), 'base64');
  const expected = createHmac('sha256', key)
    .update(Buffer.from(`msg_1.5.${body}`, 'utf8'))
    .digest('base64');
  expect(signedFields('msg_1', body, [SECRET], 5_000)['webhook-signature']).toBe(`v1,${expected}`);
});

describe('the wait before the next try', () => {
  test('doubles up to its limit, and half of it is drawn', () => {
    const { notifyRetryMinMs, notifyRetryMaxMs } = LIMITS;
    const random = seededRandom(1);
    for (let failures = 1; failures < 40; failures += 1) {
      const longest = Math.min(notifyRetryMaxMs, notifyRetryMinMs * 2 ** (failures - 1));
      const waits = Array.from({ length: 50 }, () => retryDelayMs(failures, null, random));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(longest / 2);
      expect(Math.max(...waits)).toBeLessThanOrEqual(longest);
      expect(new Set(waits).size).toBeGreaterThan(10);
    }
  });

  test('is what the receiver asks for, but no longer than may be asked', () => {
    const random = { next: () => 0 };
    expect(retryDelayMs(1, 7_000, random)).toBe(7_000);
    expect(retryDelayMs(1, 10, random)).toBe(500);
    expect(retryDelayMs(1, 1e12, random)).toBe(LIMITS.notifyRetryAfterMs);
  });

  test.each([
    ['120', 120_000],
    ['0', 0],
    ['Wed, 25 Nov 2026 02:00:10 GMT', 10_000],
    ['Wed, 25 Nov 2026 01:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['99999999999999999999', null],
    ['2026', 2_026_000],
    [undefined, null],
  ])('reads Retry-After: %s as %s ms', (field, ms) => {
    expect(retryAfterMs(field, Date.UTC(2026, 10, 25, 2, 0, 0))).toBe(ms);
  });
});

describe('news for somebody who is not looking', () => {
  const heard = (...events: CutoverEvent[]): boolean[] => {
    const news = new News();
    return events.map((event, index) => news.of(event, index) !== null);
  };

  test('is a verdict that is another one, and not its reason', () => {
    const events = [
      gate('hold', 'NO_PAIRS', 1),
      gate('hold', 'MIN_PAIRS', 1),
      gate('ready', 'PROVEN', 1),
      gate('ready', 'CARRIED_OVER', 1),
      gate('hold', 'NOT_PROVEN', 1),
      gate('abort', 'BREAKER', 1),
      gate('abort', 'PROVEN_WORSE', 1),
      gate('abort', 'BREAKER', 2),
      gate('hold', 'NO_PAIRS', 3),
      gate('hold', 'MIN_PAIRS', 4),
      gate('invalid', 'STALE', 4),
      gate('inconclusive', 'MAX_DURATION', 4),
    ];
    const news = [false, false, true, false, true, true, false, true, true, false, true, true];
    expect(heard(...events)).toEqual(news);
  });

  test('is a refused configuration and a lost worker, and not what was meant to happen', () => {
    expect(
      heard(
        { type: 'config', hash: 'a', accepted: true, problems: 0 },
        { type: 'config', hash: '', accepted: false, problems: 1 },
        { type: 'worker_down', pid: 7, slot: 0, how: 'exit code 0', retryInMs: -1 },
        { type: 'worker_down', pid: 7, slot: 0, how: 'SIGKILL', retryInMs: 100 },
        { type: 'snapshot', revision: 1, acknowledgedBy: 1, tookMs: 1 },
        { type: 'worker_up', pid: 1, slot: 0 },
        { type: 'orphan_drained', pid: 1 },
      ),
    ).toEqual([false, true, false, true, false, false, false]);
  });

  test('is no flood of new classes: it would push a rollback out of a queue', () => {
    const news = new News();
    const told = Array.from({ length: 1_000 }, (_, index) => news.of(newClass, index)).filter(Boolean);
    expect(told).toHaveLength(LIMITS.newClassLines);
    expect(news.of(ROLLBACK, 1_000)).not.toBeNull();
    expect(news.of(newClass, 60_000)).not.toBeNull();
  });
});
