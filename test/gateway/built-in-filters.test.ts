import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { BuiltInFilterConfig } from '../../src/core/filter-config.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { RateLimiter } from '../../src/gateway/filters/rate-limiter.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { Connection, fetchOnce } from '../kit/http-client.ts';
import type { ClientRequest } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';

/** A filter without its name and its place. */
type Rest<T> = T extends unknown ? Omit<T, 'name' | 'enforceAt'> : never;

/** A gateway whose candidate answers, with this one filter. */
async function filtered(rest: Rest<BuiltInFilterConfig>, enforceAt: 'candidate' | 'edge' = 'candidate') {
  const both = await lanes();
  const filter = { ...rest, name: 'it', enforceAt } as BuiltInFilterConfig;
  const upstreams = [upstreamConfig('candidate', both.candidate.url)];
  const routes = [route('all', '/', { filters: ['it'], fallback: 'none' })];
  const running = await inProcessGateway(
    both,
    { phase: 'retired' },
    { candidate: { upstreams, routes, filters: [filter] } },
  );
  const ask = (request: ClientRequest = {}) => fetchOnce(running.url, request);
  const stream = async (chunks: readonly string[]) => {
    const connection = await Connection.open(running.url);
    onTestFinished(() => connection.close());
    const lines = [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    const head = 'POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n';
    return await connection.exchange(Buffer.from(head + lines.join('')), 'POST');
  };
  return { ...running, ask, stream, both };
}

test('a client that asks faster than its rate gets 429 and is told when to come back', async () => {
  const { ask, apply, both } = await filtered({ kind: 'rateLimit', perSecond: 0.1, burst: 2, by: 'address' });
  expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(refused.body.toString()).toContain('rate_limited');
  expect(Number(headerOf(refused, 'retry-after'))).toBeGreaterThan(5);
  // Another configuration with the same limit does not forgive.
  apply({ config: { explainHeaders: false } });
  expect((await ask()).status).toBe(429);
  expect(both.candidate.count()).toBe(2);
});

test('a rate limit lets in its burst at once and its rate for ever, whatever the times', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 10 }),
      (all, perSecond, burst) => {
        const limiter = new RateLimiter(perSecond, burst);
        let nowMs = 0;
        const taken: number[] = [];
        for (const gap of all) {
          nowMs += gap;
          const waitMs = limiter.take('a', nowMs);
          if (waitMs === 0) taken.push(nowMs);
          else expect(limiter.take('a', nowMs + waitMs)).toBe(0);
          if (waitMs !== 0) taken.push((nowMs += waitMs));
        }
        for (let from = 0; from < taken.length; from += 1) {
          for (let to = from; to < taken.length; to += 1) {
            const spanMs = (taken[to] as number) - (taken[from] as number);
            expect(to - from + 1).toBeLessThanOrEqual(burst + (spanMs * perSecond) / 1_000 + 1e-3);
          }
        }
      },
    ),
  );
});

test('as many clients as there are addresses leave the memory of a limit bounded', () => {
  const limiter = new RateLimiter(1, 1);
  for (let client = 0; client < LIMITS.rateLimitClients * 2; client += 1) limiter.take(`c${client}`, 1);
  const held = limiter as unknown as { young: Map<string, number>; old: Map<string, number> };
  expect(held.young.size + held.old.size).toBeLessThanOrEqual(LIMITS.rateLimitClients);
  expect(limiter.take(`c${LIMITS.rateLimitClients * 2 - 1}`, 1)).toBeGreaterThan(0);
});

test('addresses that are denied or not allowed get 403, and deny has the last word', async () => {
  const status = async (allow: string[], deny: string[]) =>
    (await (await filtered({ kind: 'addresses', allow, deny })).ask()).status;
  expect(await status(['127.0.0.0/8'], [])).toBe(200);
  expect(await status([], ['10.0.0.0/8'])).toBe(200);
  expect(await status(['10.0.0.0/8'], [])).toBe(403);
  expect(await status(['127.0.0.0/8'], ['127.0.0.1'])).toBe(403);
});

test.each(['candidate', 'edge'] as const)(
  'a body over the limit gets 413, said or not (%s)',
  async (place) => {
    const { ask, stream, both } = await filtered({ kind: 'bodyLimit', bytes: 10 }, place);
    const send = (body: string) => ask({ method: 'POST', body });
    expect((await send('0123456789')).status).toBe(200);
    expect((await stream(['01234', '56789'])).status).toBe(200);
    const said = await send('0123456789x');
    expect([said.status, said.body.toString()]).toEqual([413, 'Content Too Large (body_too_large)\n']);
    const unsaid = await stream(Array<string>(1_000).fill('0123456789x'));
    expect([unsaid.status, unsaid.body.toString()]).toEqual([413, 'Content Too Large (body_too_large)\n']);
    expect(both.candidate.requests.every(({ body }) => body.length <= 10)).toBe(true);
  },
);

test('headers are removed and set on the way in and out', async () => {
  const { ask, both } = await filtered({
    kind: 'headers',
    request: { remove: ['x-debug'], set: [{ name: 'X-Tier', value: 'shop' }] },
    response: { remove: ['content-type'], set: [{ name: 'X-Frame-Options', value: 'DENY' }] },
  });
  const answer = await ask({ headers: { 'X-Debug': '1', 'x-tier': 'forged' } });
  expect(headerOf(answer, 'x-frame-options')).toBe('DENY');
  expect(headerOf(answer, 'content-type')).toBeUndefined();
  const [seen] = both.candidate.requests;
  expect([seen?.header('x-debug'), seen?.header('x-tier')]).toEqual([undefined, 'shop']);
});
