import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import type { GatewayConfig, RolloutView } from '../../src/core/snapshot.ts';
import { CA, SERVER_TLS } from '../kit/certificates.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import { jwtConfig, keySetOf, signingKey } from '../kit/tokens.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { UpstreamBuilder } from '../kit/upstream.ts';

interface Answer {
  readonly headers: IncomingHttpHeaders & { readonly ':status'?: number | undefined };
  readonly body: Buffer;
  readonly informed: readonly number[];
}

const MIB = 1024 * 1024;
const BIG = Buffer.alloc(3 * MIB, 'abcdefgh');

/** A gateway behind an HTTPS listener that speaks HTTP/2, and one client of it. */
async function stage(
  legacy: UpstreamBuilder,
  rollout: Partial<RolloutView> = {},
  config: Partial<GatewayConfig> = {},
  candidate: (servers: Awaited<ReturnType<typeof lanes>>) => Partial<GatewayConfig> = () => ({}),
) {
  const servers = await lanes(legacy, upstream().json({ from: 'candidate' }));
  const tls = { ...SERVER_TLS, alpn: ['h2', 'http/1.1'] as const };
  const listeners = [{ host: '127.0.0.1', port: 0, region: null, tls }];
  const gateway = await inProcessGateway(servers, rollout, {
    listeners,
    explainHeaders: true,
    ...config,
    ...candidate(servers),
  });
  const session = connect(`https://localhost:${new URL(gateway.url).port}`, { ca: CA });
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return { ...servers, gateway, session };
}

async function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: Buffer | null = null,
): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === null });
  const chunks: Buffer[] = [];
  const informed: number[] = [];
  let answered: Answer['headers'] = {};
  stream.on('response', (head) => (answered = head));
  stream.on('headers', (head) => informed.push(Number(head[':status'])));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (body !== null) stream.end(body);
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('close', resolve);
  });
  return { headers: answered, body: Buffer.concat(chunks), informed };
}

const echo = (): UpstreamBuilder =>
  upstream().respond(({ method, body }) => ({
    headers: { 'Set-Cookie': ['a=1', 'b=2'], ETag: '"1"', Connection: 'x-hop', 'X-Hop': '1' },
    body: `${method} ${body.length}`,
  }));

test('requests of HTTP/2 are served as those of HTTP/1.1 are, each repeated field by itself', async () => {
  const { session, legacy } = await stage(echo());
  const { headers, body } = await ask(session, { ':path': '/cart?x=1', cookie: ['s=1', 't=2'] });
  expect(headers[':status']).toBe(200);
  expect(headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], etag: '"1"', 'x-cutover-lane': 'legacy' });
  expect(headers).not.toHaveProperty('x-hop');
  expect(headers).not.toHaveProperty('connection');
  expect(body.toString()).toBe('GET 0');
  expect(legacy.requests[0]).toMatchObject({ target: '/cart?x=1' });
  expect(legacy.requests[0]?.header('cookie')).toBe('s=1; t=2');
  expect(legacy.requests[0]?.header('x-forwarded-proto')).toBe('https');
});

test('bodies pass in both directions, with a length and without, larger than any window', async () => {
  const { session } = await stage(upstream().respond(({ body }) => ({ body })));
  const known = await ask(session, { ':method': 'POST', ':path': '/', 'content-length': BIG.length }, BIG);
  const unknown = await ask(session, { ':method': 'POST', ':path': '/' }, BIG);
  expect(known.body.equals(BIG)).toBe(true);
  expect(unknown.body.equals(BIG)).toBe(true);
});

test('HEAD and 304 have no body, and an answer of HEAD keeps its length', async () => {
  const { session } = await stage(echo());
  const head = await ask(session, { ':method': 'HEAD', ':path': '/' });
  expect([head.headers[':status'], head.body.length]).toEqual([200, 0]);
  expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
  const same = await stage(upstream().status(304));
  expect((await ask(same.session, { ':path': '/' })).headers[':status']).toBe(304);
});

test('a client that expects 100 is told to go on, and then answered', async () => {
  const { session } = await stage(upstream().respond(({ body }) => ({ body })));
  const asked = { ':method': 'POST', ':path': '/', expect: '100-continue' };
  const { body } = await ask(session, asked, Buffer.from('after'));
  expect(body.toString()).toBe('after');
});

test('a hundred requests run at once on one connection, and each gets its own answer', async () => {
  const { session } = await stage(upstream().respond(({ target }) => ({ body: target })));
  const targets = Array.from({ length: 100 }, (_, index) => `/item/${index}`);
  const answers = await Promise.all(targets.map((target) => ask(session, { ':path': target })));
  expect(answers.map(({ body }) => body.toString())).toEqual(targets);
});

test('a request of HTTP/2 is copied and compared like any other', async () => {
  const { session, gateway, candidate } = await stage(upstream().json({ from: 'legacy' }), { sample: 1 });
  await ask(session, { ':path': '/copied' });
  await until(() => candidate.count() === 1, 'the copy');
  expect(candidate.requests[0]).toMatchObject({ target: '/copied', method: 'GET' });
  await until(() => Object.keys(gateway.classes()).length > 0, 'the difference');
});

test('a client that resets its stream gives its request up, and keeps its connection', async () => {
  const { session, legacy, gateway } = await stage(upstream().hangs());
  const stream = session.request({ ':path': '/slow' });
  stream.on('error', () => undefined);
  await until(() => legacy.count() === 1, 'the request');
  stream.close(8);
  await until(() => gateway.summary().lanes.legacy.abandoned === 1, 'the request to be given up');
  await legacy.become(upstream().json({}));
  expect((await ask(session, { ':path': '/next' })).headers[':status']).toBe(200);
});

test('an answer that breaks off resets its stream instead of ending it', async () => {
  const { session, legacy } = await stage(upstream().truncates());
  await expect(ask(session, { ':path': '/' })).rejects.toThrow(/INTERNAL_ERROR/);
  // Without a length, too, where nothing else would tell a part from the whole.
  await legacy.become(upstream().resets('after-head'));
  await expect(ask(session, { ':path': '/' })).rejects.toThrow(/INTERNAL_ERROR/);
});

test('a stop lets the requests of a connection end, and then the connection', async () => {
  const { session, gateway, legacy } = await stage(upstream().slow(300));
  const answer = ask(session, { ':path': '/' });
  await until(() => legacy.count() > 0, 'the request');
  const stopped = gateway.gateway.drain(5_000);
  expect((await answer).headers[':status']).toBe(200);
  await stopped;
  await until(() => session.closed || session.destroyed, 'the end of the connection');
});

/** What becomes of a request of which the client sends the head, and of the body nothing but this. */
async function headOnly(session: ClientHttp2Session, path: string, body: Buffer): Promise<Answer['headers']> {
  const stream = session.request({ ':path': path, ':method': 'POST' }, { endStream: false });
  let answered: Answer['headers'] = {};
  stream.on('response', (head) => (answered = head));
  stream.resume();
  stream.write(body);
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('close', resolve);
  });
  return answered;
}

test('who is refused hears its status, whether its body has ended or not', async () => {
  const key = await signingKey();
  const { session } = await stage(echo(), {}, { requestBodyBytes: 1_000 }, ({ candidate }) => ({
    candidate: {
      upstreams: [upstreamConfig('candidate', candidate.url)],
      routes: [route('denied', '/denied', { filters: ['staff'] })],
      filters: [jwtConfig({ text: keySetOf(key) })],
    },
  }));
  const statusOf = async (asked: Promise<{ headers: Answer['headers'] }>) => (await asked).headers[':status'];
  const post = { ':path': '/a', ':method': 'POST' };
  const big = BIG.subarray(0, 5_000);
  expect(await statusOf(ask(session, { ':path': '/a#b' }))).toBe(400);
  expect(await statusOf(ask(session, { ...post, 'content-length': '5000' }, big))).toBe(413);
  expect(await statusOf(ask(session, post, big))).toBe(413);
  expect((await headOnly(session, '/a', big))[':status']).toBe(413);
  expect(await statusOf(ask(session, { ...post, ':path': '/denied' }, BIG.subarray(0, 10)))).toBe(401);
  expect((await headOnly(session, '/denied', BIG.subarray(0, 10)))[':status']).toBe(401);
});
