import { expect, onTestFinished, test } from 'vitest';
import { headerOf, headersOf } from '../kit/answer-reader.ts';
import { Connection, fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { gatewayConfig, route, upstreamConfig } from '../kit/snapshot.ts';
import { lanes } from '../kit/lanes.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

test('answers from legacy in shadow and sends the same request to the candidate', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both);
  const answer = await fetchOnce(url, { target: '/a/../items?id=7', headers: { Cookie: 'sid=1' } });
  expect([answer.status, answer.body.toString()]).toEqual([200, '{"from":"legacy"}']);
  expect(headerOf(answer, 'x-cutover-lane')).toBe('legacy');
  const { pairs } = await settled();
  expect(pairs.shadow).toMatchObject({ eligible: 1, sent: 1, compared: 1 });
  const [original, copy] = [both.legacy.requests[0], both.candidate.requests[0]];
  expect(copy?.target).toBe('/items?id=7');
  expect(original?.target).toBe('/items?id=7');
  for (const name of [
    'x-request-id',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'host',
    'cookie',
  ]) {
    expect([name, copy?.all(name)]).toEqual([name, original?.all(name)]);
  }
});

test('marks the copy and never the request that answers the client', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both);
  await fetchOnce(url, { target: '/' });
  await settled();
  expect(both.candidate.requests[0]?.header('x-cutover-copy')).toBe('1');
  expect(both.legacy.requests[0]?.header('x-cutover-copy')).toBeUndefined();
  const [original, copy] = [both.legacy, both.candidate].map(
    (lane) => lane.requests[0]?.header('traceparent') ?? '',
  );
  expect(copy?.slice(3, 35)).toBe(original?.slice(3, 35));
  expect(copy?.slice(36, 52)).not.toBe(original?.slice(36, 52));
});

test('sends the copy with the credentials that the policy sets, and the client its own', async () => {
  const both = await lanes();
  const policy = {
    stripHeaders: ['cookie'],
    setHeaders: [{ name: 'Authorization', value: 'Bearer shadow' }],
  };
  const { url, settled } = await inProcessGateway(
    both,
    {},
    { shadow: { ...gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:2').shadow, ...policy } },
  );
  await fetchOnce(url, { headers: { authorization: 'Bearer mine', cookie: 'sid=1' } });
  await settled();
  const sent = (name: string) => [both.legacy, both.candidate].map((lane) => lane.requests[0]?.all(name));
  expect(sent('authorization')).toEqual([['Bearer mine'], ['Bearer shadow']]);
  expect(sent('cookie')).toEqual([['sid=1'], []]);
});

test('a copy to legacy keeps what the client would have sent there', async () => {
  const both = await lanes();
  const policy = { setHeaders: [{ name: 'Authorization', value: 'Bearer shadow' }] };
  const { url, settled } = await inProcessGateway(
    both,
    { phase: 'enforce', reverseSample: 1 },
    { shadow: { ...gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:2').shadow, ...policy } },
  );
  await fetchOnce(url, { headers: { authorization: 'Bearer mine' } });
  await settled();
  const sent = [both.legacy, both.candidate].map((lane) => lane.requests[0]?.all('authorization'));
  expect(sent).toEqual([['Bearer mine'], ['Bearer mine']]);
});

test('a request that brings the marker of a copy loses it and is not copied again', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both);
  await fetchOnce(url, { headers: { 'X-Cutover-Copy': '1' } });
  const { ineligible } = await settled();
  expect(ineligible).toEqual({ marked: 1 });
  expect([both.candidate.count(), both.legacy.requests[0]?.header('x-cutover-copy')]).toEqual([0, undefined]);
});

test('does not believe forwarded headers of a client that is no trusted proxy', async () => {
  const both = await lanes();
  const { url } = await inProcessGateway(both);
  const spoofed = {
    'X-Forwarded-For': '6.6.6.6',
    'X-Request-Id': 'mine',
    Forwarded: 'for=6.6.6.6',
    'X-Real-IP': '6.6.6.6',
  };
  await fetchOnce(url, { headers: spoofed });
  const seen = both.legacy.requests[0];
  expect(seen?.all('x-forwarded-for')).toEqual(['127.0.0.1']);
  expect(seen?.header('x-request-id')).not.toBe('mine');
  expect([seen?.header('forwarded'), seen?.all('x-real-ip')]).toEqual([undefined, ['127.0.0.1']]);
});

test('extends what a trusted proxy says', async () => {
  const both = await lanes();
  const { url } = await inProcessGateway(both, {}, { trustedProxies: ['127.0.0.0/8'] });
  await fetchOnce(url, {
    headers: { 'X-Forwarded-For': '9.9.9.9', 'X-Request-Id': 'abc.1', 'X-Forwarded-Proto': 'https' },
  });
  const seen = both.legacy.requests[0];
  expect(seen?.all('x-forwarded-for')).toEqual(['9.9.9.9, 127.0.0.1']);
  expect([seen?.header('x-request-id'), seen?.header('x-forwarded-proto')]).toEqual(['abc.1', 'https']);
});

test('no client can make Connection strip what the gateway sets', async () => {
  const both = await lanes();
  const { url } = await inProcessGateway(both);
  const raw = await Connection.open(url);
  await raw.exchange(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: close, x-forwarded-for, x-request-id, traceparent\r\nKeep-Alive: 5\r\nTE: trailers\r\n\r\n',
  );
  const seen = both.legacy.requests[0];
  expect(seen?.header('x-forwarded-for')).toBe('127.0.0.1');
  expect(seen?.header('x-request-id')).toBeDefined();
  expect([seen?.header('keep-alive'), seen?.header('te')]).toEqual([undefined, undefined]);
});

test('streams a body both ways and keeps every byte', async () => {
  const both = await lanes(upstream().respond((request) => ({ body: request.body })));
  const { url } = await inProcessGateway(both);
  const body = Buffer.alloc(3_000_000, 'abcdefghij');
  const answer = await fetchOnce(url, { method: 'POST', body });
  expect(answer.body.equals(body)).toBe(true);
});

test('keeps several cookies of an answer apart', async () => {
  const both = await lanes(
    upstream().respond(() => ({
      body: 'ok',
      headers: { 'Set-Cookie': ['a=1; Path=/', 'b=2; Expires=Wed, 01 Jan 2031 00:00:00 GMT'] },
    })),
  );
  const { url } = await inProcessGateway(both);
  const answer = await fetchOnce(url);
  expect(headersOf(answer, 'set-cookie')).toHaveLength(2);
});

test.each([
  ['refuses', upstream().refuses(), 502, 'connect_refused'],
  ['resets', upstream().resets(), 502, 'upstream_reset'],
  ['sends garbage', upstream().garbage(), 502, 'upstream_protocol'],
] as const)(
  'answers with a code and no message of the server when legacy %s',
  async (_what, legacy, status, code) => {
    const both = await lanes(legacy);
    const { url, settled } = await inProcessGateway(both);
    const answer = await fetchOnce(url, { method: 'POST', body: 'x' });
    expect([answer.status, headerOf(answer, 'x-cutover-error')]).toEqual([status, code]);
    expect(answer.body.toString()).toMatch(/^Bad Gateway \(\w+\)\n$/);
    expect((await settled()).lanes.legacy).toMatchObject({ requests: 1, bad: 1 });
  },
);

test('answers 504 when legacy hangs past its first-byte timeout', async () => {
  const both = await lanes(upstream().hangs());
  const { timeouts } = gatewayConfig(both.legacy.url, both.candidate.url);
  const { url } = await inProcessGateway(both, {}, { timeouts: { ...timeouts, firstByteMs: 200 } });
  const answer = await fetchOnce(url);
  expect([answer.status, headerOf(answer, 'x-cutover-error')]).toEqual([504, 'first_byte_timeout']);
});

test('cuts the connection when an answer breaks off after its head', async () => {
  const both = await lanes(
    upstream()
      .json({ long: 'x'.repeat(5_000) })
      .truncates(),
  );
  const { url, settled } = await inProcessGateway(both);
  await expect(fetchOnce(url)).rejects.toMatchObject({ at: 'answer' });
  expect((await settled()).lanes.legacy.bad).toBe(1);
});

test('the candidate that can not be reached is replaced by legacy and counted as its error all the same', async () => {
  const both = await lanes(undefined, upstream().refuses());
  const { url, settled } = await inProcessGateway(both, { phase: 'enforce' });
  const answer = await fetchOnce(url);
  expect([answer.status, headerOf(answer, 'x-cutover-lane')]).toEqual([200, 'legacy']);
  expect((await settled()).lanes.candidate).toMatchObject({ requests: 1, bad: 1 });
});

test('a write is never sent twice, whatever the fallback says', async () => {
  const both = await lanes(undefined, upstream().resets());
  const { url } = await inProcessGateway(both, { phase: 'enforce' });
  const answer = await fetchOnce(url, { method: 'POST', body: 'pay' });
  expect([answer.status, both.legacy.count(), both.candidate.count()]).toEqual([502, 0, 1]);
});

test('retired never falls back to a lane that is gone', async () => {
  const both = await lanes(undefined, upstream().refuses());
  const { url } = await inProcessGateway(both, { phase: 'retired' });
  const answer = await fetchOnce(url);
  expect([answer.status, both.legacy.count()]).toEqual([502, 0]);
});

test('a path without a route is answered by the candidate lane and compared with legacy', async () => {
  const both = await lanes();
  const { url, settled, classes } = await inProcessGateway(
    both,
    {},
    {
      candidate: { upstreams: [], routes: [], filters: [] },
    },
  );
  expect((await fetchOnce(url, { target: '/nowhere' })).status).toBe(200);
  const { pairs } = await settled();
  expect(pairs.shadow).toMatchObject({ compared: 1, answeredByFilter: 1 });
  expect(classes()).toEqual({ 'status status/200-404': 1 });
});

test('a new configuration takes over without closing the connection of a client', async () => {
  const both = await lanes();
  const other = await upstream().json({ from: 'other' }).start();
  onTestFinished(() => other.stop());
  const { url, apply } = await inProcessGateway(both);
  const connection = await Connection.open(url);
  expect((await connection.request()).body.toString()).toContain('legacy');
  apply({ config: { legacy: upstreamConfig('legacy', other.url) } });
  expect((await connection.request()).body.toString()).toContain('other');
});

test('an exchange that runs keeps the configuration it started with', async () => {
  const both = await lanes(upstream().json({ from: 'first' }).slow(200));
  const other = await upstream().json({ from: 'second' }).start();
  onTestFinished(() => other.stop());
  const { url, apply } = await inProcessGateway(both);
  const running = fetchOnce(url);
  while (both.legacy.count() === 0) await new Promise((resolve) => setImmediate(resolve));
  apply({ config: { legacy: upstreamConfig('legacy', other.url) } });
  expect((await running).body.toString()).toContain('first');
  expect((await fetchOnce(url)).body.toString()).toContain('second');
});

test('routes of the candidate lane name the evidence of both lanes', async () => {
  const both = await lanes();
  const { url, settled, deltas } = await inProcessGateway(
    both,
    {},
    {
      candidate: {
        upstreams: [upstreamConfig('candidate', both.candidate.url)],
        routes: [route('api', '/api'), route('rest')],
        filters: [],
      },
    },
  );
  await fetchOnce(url, { target: '/api/x' });
  await fetchOnce(url, { target: '/apix' });
  await settled();
  expect(deltas.flatMap((delta) => delta.lanes.map((lane) => lane.route)).sort()).toEqual(['api', 'rest']);
});

test('an unfinished request body leaves nothing behind in the shadow', async () => {
  const both = await lanes();
  const candidate = {
    upstreams: [upstreamConfig('candidate', both.candidate.url)],
    routes: [route('all', '/', { copyWrites: true })],
    filters: [],
  };
  const refused = await upstream().refuses().start();
  onTestFinished(() => refused.stop());
  const { url, settled, deltas } = await inProcessGateway({ ...both, legacy: refused }, {}, { candidate });
  for (let index = 0; index < 5; index += 1) {
    const connection = await Connection.open(url);
    const answer = await connection.exchange(
      'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nbegun',
    );
    expect(answer.status).toBe(502);
    connection.close();
  }
  const { pairs } = await settled();
  expect(pairs.shadow).toMatchObject({ eligible: 5, dropped: 5, sent: 0 });
  expect(deltas.at(-1)?.gauges.copyBytes).toBe(0);
});

test('requests under bypass are counted with their reason', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both, { bypass: true });
  await fetchOnce(url);
  const { ineligible, lanes: counted } = await settled();
  expect([ineligible, counted.legacy.requests]).toEqual([{ bypass: 1 }, 1]);
});

test('a client that gives up on a hanging candidate is counted in its lane', async () => {
  const both = await lanes(undefined, upstream().hangs());
  const { url, settled } = await inProcessGateway(both, { phase: 'enforce' });
  const connection = await Connection.open(url);
  connection.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => both.candidate.count() === 1, 'the request');
  connection.close({ reset: true });
  const { lanes: counted } = await settled();
  expect(counted.candidate).toMatchObject({ requests: 1, bad: 0, abandoned: 1, latency: { samples: 1 } });
});

test('failures of a lane are counted by their code', async () => {
  const both = await lanes(upstream().resets());
  const { url, settled } = await inProcessGateway(both);
  await fetchOnce(url, { method: 'POST', body: 'x' });
  const { lanes: counted } = await settled();
  expect(counted.legacy.failures).toEqual({ upstream_reset: 1 });
});

test('a request without a host goes to the server under the name of that server', async () => {
  const both = await lanes();
  const { url } = await inProcessGateway(both);
  const connection = await Connection.open(url);
  expect((await connection.exchange('GET / HTTP/1.0\r\n\r\n')).status).toBe(200);
  const seen = both.legacy.requests[0];
  expect(seen?.header('host')).toBe(`127.0.0.1:${both.legacy.port}`);
  expect(seen?.header('x-forwarded-host')).toBeUndefined();
});

test('neither a client nor a lane can speak in the name of the gateway', async () => {
  const headers = { 'X-Cutover-Error': 'no_route', 'x-cutover-lane': 'candidate', 'X-Cutover-Other': '1' };
  const both = await lanes(upstream().respond(() => ({ body: 'ok', headers })));
  const { url } = await inProcessGateway(both);
  const answer = await fetchOnce(url, { headers: { 'X-Cutover-Foo': '1' } });
  expect(headersOf(answer, 'x-cutover-lane')).toEqual(['legacy']);
  expect([headerOf(answer, 'x-cutover-error'), headerOf(answer, 'x-cutover-other')]).toEqual([
    undefined,
    undefined,
  ]);
  expect(both.legacy.requests[0]?.header('x-cutover-foo')).toBeUndefined();
});

test('a write moves on to the next server when the first can not be reached', async () => {
  const both = await lanes(upstream().respond((request) => ({ body: String(request.body.length) })));
  const dead = await upstream().refuses().start();
  onTestFinished(() => dead.stop());
  const legacy = upstreamConfig('legacy', dead.url, both.legacy.url);
  const { url } = await inProcessGateway(both, {}, { legacy });
  for (let index = 0; index < 6; index += 1) {
    const answer = await fetchOnce(url, { method: 'POST', body: Buffer.alloc(50_000) });
    expect([answer.status, answer.body.toString()]).toEqual([200, '50000']);
  }
});
