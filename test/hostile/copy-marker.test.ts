/**
 * Attack: the gateway's own words in a client's mouth. A client marks its request as a copy, names a lane, or repeats an
 * answer's headers, to be exempt from comparison, to move between lanes, or to make copies of copies without end.
 * Known from: CDN-loop attacks (2020), `X-Middleware-Subrequest` (CVE-2025-29927, Next.js).
 * Why it works: an internal marker is believed from outside.
 * Cutover: everything that begins with `x-cutover-` is removed, from requests and from answers; a marked request is served
 * like any other and only not copied again. It goes on with a guard that no service takes for a marker, so that gateways
 * that copy to each other end a loop at its first turn, however long it is.
 */
import { expect, test } from 'vitest';
import { answerOf, fieldsOf } from './lenient-upstream.ts';
import { get, PATIENT, stage, statuses } from './kit.ts';

test('no field of a client that speaks for the gateway reaches a lane', async () => {
  const on = await stage({ rollout: { sample: 1 } });
  await on.send(
    get(
      '/x',
      'X-Cutover-Lane: candidate',
      'x-cutover-phase: retired',
      'X-CUTOVER-Epoch: 9',
      'X-Cutover-Anything: 1',
      'X_Cutover_Lane: candidate',
    ),
  );
  await on.gateway.settled();
  expect(on.legacy.bytes).not.toMatch(/x.cutover/i);
  expect(on.candidate.bytes.match(/x-cutover-[a-z]+/gi)).toEqual(['x-cutover-copy']);
});

test.each(['X-Cutover-Copy: 1', 'x-cutover-copy:', 'X-CUTOVER-COPY: 0'])(
  'a request that is marked as a copy is answered and not copied again: %s',
  async (line) => {
    const on = await stage({ rollout: { sample: 1 } });
    expect(statuses(await on.send(get('/x', line)))).toEqual([200]);
    await on.gateway.settled();
    expect(on.legacy.lines).toEqual(['GET /x']);
    expect(on.legacy.bytes.match(/x-cutover-.*$/gim)).toEqual(['x-cutover-copied: 1']);
    expect(on.candidate.bytes).toBe('');
  },
);

test('a copy carries one marker, of the gateway', async () => {
  const on = await stage({ rollout: { sample: 1 } });
  await on.send(get('/x', 'Connection: x-cutover-copy'));
  await expect.poll(() => on.candidate.lines, PATIENT).toEqual(['GET /x']);
  expect(fieldsOf(on.candidate.requests[0] ?? { fields: [] }, 'x-cutover-copy')).toEqual(['1']);
});

test('what a lane says in the name of the gateway is taken out of its answer', async () => {
  const on = await stage({
    answering: () =>
      answerOf('x', 'X-Cutover-Lane: candidate\r\nX-Cutover-Error: internal\r\nX-Cutover-Other: 1\r\n'),
  });
  const text = await on.send(get('/x'));
  expect(text.match(/^x-cutover-[a-z]+: .*$/gim)).toEqual([
    'x-cutover-lane: legacy',
    'x-cutover-phase: shadow',
    'x-cutover-epoch: 1',
  ]);
});

test('gateways that copy to each other in a circle copy a request once', async () => {
  const first = await stage({ rollout: { sample: 1 } });
  const second = await stage({ rollout: { sample: 1 } });
  const passOn = (from: typeof first, to: typeof first) => {
    return (request: (typeof from.legacy.requests)[number]) => {
      to.client().write(request.raw);
      return answerOf('legacy');
    };
  };
  first.candidate.answering = passOn(first, second);
  second.legacy.answering = passOn(second, first);
  await first.send(get('/x'));
  await expect.poll(() => first.legacy.lines, PATIENT).toEqual(['GET /x', 'GET /x']);
  await first.gateway.settled();
  await second.gateway.settled();
  expect([first.candidate.lines, second.legacy.lines, second.candidate.lines]).toEqual([
    ['GET /x'],
    ['GET /x'],
    [],
  ]);
});

test('two gateways in a row copy a request once and no more', async () => {
  const inner = await stage({ rollout: { sample: 1 } });
  const outer = await stage({ rollout: { sample: 1 } });
  outer.legacy.answering = () => answerOf('legacy');
  outer.candidate.answering = (request) => {
    // The outer candidate is the inner gateway: the copy goes on with its marker.
    const client = inner.client();
    client.write(request.raw);
    return answerOf('legacy');
  };
  await outer.send(get('/x'));
  await expect.poll(() => inner.legacy.lines, PATIENT).toEqual(['GET /x']);
  await outer.gateway.settled();
  await inner.gateway.settled();
  expect(inner.candidate.bytes).toBe('');
});

test.each([
  ['one among others', 'x=sid=1; sid=mine; sid=yours', 'sid=mine'],
  ['a name that ends like it', 'xsid=1; sid=mine', 'sid=mine'],
  ['a name that begins like it', 'sidx=1; sid=mine', 'sid=mine'],
])('the cookie that keeps a user in its lane is read by its exact name: %s', async (_name, cookie, same) => {
  const rollout = { phase: 'regional', shares: { 'eu-west': 0.5 } } as const;
  const on = await stage({ rollout });
  for (const line of [cookie, same]) await on.send(get('/x', `Cookie: ${line}`));
  expect(Math.max(on.legacy.lines.length, on.candidate.lines.length)).toBe(2);
});
