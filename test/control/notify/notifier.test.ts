import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs, wallMs } from '../../../src/core/clock.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { HOOK_SECRETS, hookSecret, secured } from '../../kit/hook.ts';
import { until } from '../../kit/until.ts';
import { upstream } from '../../kit/upstream.ts';
import { flip, notifier, opened, ROLLBACK, SECRET, target } from './kit.ts';

/** The first `failures` requests fail this way, then all is well. */
function failing(failures: number, status: number, headers: Record<string, string> = {}) {
  return upstream().respond(({ number }) => (number <= failures ? { status, headers } : { status: 204 }));
}

test('tells an event once, signed, with what the event stream says', async () => {
  const receiver = await opened();
  const { notifier: made, tell } = notifier(target(receiver));
  const sequence = tell(ROLLBACK);
  await until(() => made.counts.delivered === 1, 'the delivery');
  const [told, ...more] = receiver.told();
  expect(more).toEqual([]);
  expect(told?.body).toMatchObject({
    schemaVersion: 1,
    type: 'transition',
    timestamp: new Date(1_795_545_266_218 + sequence).toISOString(),
    sequence,
    node: { host: 'edge-1', region: 'eu-west', build: '0.1.0' },
    summary: 'canary → shadow by gate: BREAKER: 60 of 100 pairs failed on the candidate only',
    data: { from: 'canary', to: 'shadow', who: 'gate' },
  });
  expect(Math.abs((told?.timestamp ?? 0) * 1_000 - wallMs())).toBeLessThan(10_000);
  expect(told?.signatures).toHaveLength(1);
});

test('keeps the order of events, behind one that has to be tried again too', async () => {
  const receiver = await opened(failing(2, 500));
  const { notifier: made, tell, events } = notifier(target(receiver));
  for (let index = 0; index < 5; index += 1) tell(flip(index % 2 === 0));
  await until(() => made.counts.delivered === 5, 'all deliveries');
  expect(receiver.told().map(({ body }) => body.sequence)).toEqual([1, 1, 1, 2, 3, 4, 5]);
  const ids = receiver.told().map(({ id }) => id);
  expect(new Set(ids).size).toBe(5);
  expect(new Set(ids.slice(0, 3)).size).toBe(1);
  expect(made.counts).toMatchObject({ retried: 2, waiting: 0 });
  expect(events).toEqual([]);
});

test.each([
  ['a server error', failing(1, 503)],
  ['too many requests', failing(1, 429)],
])('tries again after %s, later and signed anew', async (_, behaviour) => {
  const receiver = await opened(behaviour);
  const { notifier: made, tell } = notifier(target(receiver));
  tell(ROLLBACK);
  await until(() => made.counts.delivered === 1, 'the delivery');
  const [first, second] = receiver.told();
  expect(second?.id).toBe(first?.id);
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(LIMITS.notifyRetryMinMs / 2 - 20);
});

test('waits as long as the receiver asks for', async () => {
  const receiver = await opened(failing(1, 429, { 'retry-after': '2' }));
  const { notifier: made, tell } = notifier(target(receiver));
  tell(ROLLBACK);
  await until(() => made.counts.delivered === 1, 'the delivery');
  const [first, second] = receiver.told();
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(1_980);
});

test('tries again when the connection breaks, and when nobody listens', async () => {
  const receiver = await opened(upstream().resets());
  const { notifier: made, tell } = notifier(target(receiver));
  tell(ROLLBACK);
  await until(() => receiver.count() >= 1, 'the first try');
  await receiver.become(upstream().refuses());
  await until(() => made.counts.retried >= 2, 'a try that was refused', 20_000);
  await receiver.become(upstream().status(200));
  await until(() => made.counts.delivered === 1, 'the delivery', 20_000);
});

test.each([404, 408, 502])(
  'a receiver that answers %d in the middle of a deployment hears of it afterwards',
  async (status) => {
    const receiver = await opened(failing(1, status));
    const { notifier: made, tell } = notifier(target(receiver));
    tell(ROLLBACK);
    await until(() => made.counts.delivered === 1, 'the delivery', 20_000);
  },
);

test.each([400, 401, 410, 304])('does not repeat what the receiver answers with %d', async (status) => {
  const receiver = await opened(upstream().status(status));
  const { notifier: made, tell, events } = notifier(target(receiver));
  tell(ROLLBACK);
  tell(flip(true));
  await until(() => made.counts.refused === 2, 'both refusals');
  expect(receiver.count()).toBe(2);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    type: 'notify',
    ok: false,
    message: `one was refused: it answers ${status}`,
  });
});

test('follows no redirect, so that a body goes only where it was to go', async () => {
  const elsewhere = await opened();
  const receiver = await opened(
    upstream().respond(() => ({ status: 307, headers: { location: elsewhere.hookUrl } })),
  );
  const { notifier: made, tell } = notifier(target(receiver));
  tell(ROLLBACK);
  await until(() => made.counts.refused === 1, 'the refusal');
  expect([receiver.count(), elsewhere.count()]).toEqual([1, 0]);
});

test('a receiver that hangs delays nobody else, and is tried again after its timeout', async () => {
  const [hanging, quick] = [await opened(upstream().hangs()), await opened()];
  const { notifier: made, tell } = notifier(target(hanging, { timeoutMs: 4_000 }), target(quick));
  const startedMs = monotonicMs();
  for (let index = 0; index < 20; index += 1) tell(flip(index % 2 === 0));
  expect(monotonicMs() - startedMs).toBeLessThan(250);
  await until(() => made.counts.delivered === 20, 'the other receiver');
  expect(hanging.count()).toBeLessThanOrEqual(1);
  await until(() => hanging.count() >= 2, 'the second try', 30_000);
  expect(new Set(hanging.told().map(({ id }) => id)).size).toBe(1);
});

test('an endless or a slow answer costs no more than its part that is read', async () => {
  const huge = Buffer.alloc(32 * 1024 * 1024, 120);
  const [large, slow] = [
    await opened(upstream().respond(() => ({ body: huge }))),
    await opened(
      upstream()
        .respond(() => ({ body: huge.subarray(0, 8_000) }))
        .drips(100),
    ),
  ];
  const { notifier: made, tell } = notifier(target(large), target(slow, { timeoutMs: 500 }));
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 4; index += 1) tell(flip(index % 2 === 0));
  await until(() => made.counts.delivered === 8, 'all deliveries', 20_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  expect(made.counts).toMatchObject({ refused: 0, retried: 0 });
});

test('a full queue drops its oldest, counts them, and says so once', async () => {
  const receiver = await opened(upstream().hangs());
  const { notifier: made, tell, events } = notifier(target(receiver, { timeoutMs: 60_000 }));
  const more = 7;
  for (let index = 0; index < LIMITS.notifyWaiting + more; index += 1) tell(flip(index % 2 === 0));
  expect(made.counts).toMatchObject({ dropped: more, waiting: LIMITS.notifyWaiting });
  await until(() => receiver.count() === 1, 'the one under way');
  expect(events).toHaveLength(1);
  expect(receiver.told()[0]?.body.sequence).toBe(1);
  await made.close(200);
  expect(made.counts).toMatchObject({ waiting: 0, dropped: more, unsent: LIMITS.notifyWaiting });
});

test('gives up what is too old, says once that the receiver is out of reach, and once that it is back', async () => {
  const receiver = await opened(upstream().status(503));
  const { notifier: made, tell, events } = notifier(target(receiver, { giveUpAfterMs: 100 }));
  for (let index = 0; index < 3; index += 1) tell(flip(index % 2 === 0));
  await until(() => made.counts.given_up === 3, 'three given up');
  expect(events).toEqual([
    { type: 'notify', receiver: receiver.url, ok: false, message: expect.stringContaining('it answers 503') },
  ]);
  await receiver.become(upstream().status(204));
  tell(ROLLBACK);
  await until(() => made.counts.delivered === 1, 'the delivery');
  expect(events.slice(1)).toMatchObject([{ type: 'notify', ok: true }]);
  expect(JSON.stringify(events)).not.toMatch(new RegExp([...HOOK_SECRETS, SECRET].join('|')));
});

test('what receivers are told of receivers would go round in a loop, and is not told', async () => {
  const receiver = await opened();
  const { notifier: made, tell } = notifier(target(receiver));
  tell({ type: 'notify', receiver: 'https://x', ok: false, message: 'x' });
  tell(ROLLBACK);
  await until(() => made.counts.delivered === 1, 'the delivery');
  expect(receiver.told().map(({ body }) => body.type)).toEqual(['transition']);
});

test('an end waits for what is under way, and for a receiver that hangs no longer than it may', async () => {
  const [slow, hanging] = [await opened(upstream().slow(300)), await opened(upstream().hangs())];
  const { notifier: made, tell } = notifier(target(slow), target(hanging));
  tell(ROLLBACK);
  tell(flip(true));
  const startedMs = monotonicMs();
  await made.close(1_500);
  expect(monotonicMs() - startedMs).toBeLessThan(4_000);
  expect(made.counts).toMatchObject({ delivered: 2, unsent: 2, waiting: 0 });
});

test('an end tries a dead receiver once more and does not wait for its next turn', async () => {
  const receiver = await opened(
    upstream().respond(({ number }) => {
      return { status: 503, headers: number < LIMITS.notifyTroubleTries ? {} : { 'retry-after': '120' } };
    }),
  );
  const { notifier: made, tell, events } = notifier(target(receiver, { giveUpAfterMs: 600_000 }));
  for (let index = 0; index < 9; index += 1) tell(flip(index % 2 === 0));
  // It is said before a wait of two minutes begins.
  await until(() => events.length === 1, 'the trouble');
  const startedMs = monotonicMs();
  await made.close(60_000);
  expect(monotonicMs() - startedMs).toBeLessThan(10_000);
  expect(made.counts.unsent).toBe(9);
  expect(receiver.count()).toBe(LIMITS.notifyTroubleTries + 1);
});

test('a changed configuration keeps what waits, sends a removed receiver its rest, and asks the new one', async () => {
  const [stays, goes, comes] = [
    await opened(failing(1, 503, { 'retry-after': '1' })),
    await opened(upstream().slow(200)),
    await opened(undefined, hookSecret(9)),
  ];
  const { notifier: made, tell, configure } = notifier(target(stays), target(goes));
  tell(ROLLBACK);
  tell(flip(true));
  await until(() => stays.count() === 1 && goes.count() === 1, 'the first tries');
  configure(
    target(stays, { events: ['transition'], secrets: [hookSecret(8), SECRET] }),
    target(comes, { secrets: [hookSecret(9)] }),
  );
  tell(flip(false));
  await until(() => made.counts.delivered === 5, 'all deliveries');
  expect(stays.told().map(({ body }) => body.sequence)).toEqual([1, 1, 2]);
  expect(stays.told().at(-1)?.signatures).toHaveLength(2);
  expect(goes.told().map(({ body }) => body.sequence)).toEqual([1, 2]);
  expect(comes.told().map(({ body }) => body.sequence)).toEqual([3]);
});

test('only the events that a receiver asked for are told', async () => {
  const receiver = await opened();
  const { notifier: made, tell } = notifier(target(receiver, { events: ['gate'] }));
  tell(flip(true));
  tell({ type: 'gate', verdict: 'ready', reason: 'PROVEN', message: 'x', phase: 'shadow', epoch: 1 });
  await until(() => made.counts.delivered === 1, 'the delivery');
  expect(receiver.told().map(({ body }) => body.type)).toEqual(['gate']);
});

test('tells nobody whose certificate is not to be trusted', async () => {
  const receiver = await opened();
  const front = await secured(receiver);
  onTestFinished(() => front.stop());
  const { notifier: made, tell, events } = notifier(target(front, { giveUpAfterMs: 100 }));
  tell(ROLLBACK);
  await until(() => made.counts.given_up === 1, 'the end of the try');
  expect(receiver.count()).toBe(0);
  expect(events[0]).toMatchObject({ ok: false, message: expect.stringMatching(/certificate/) });
});
