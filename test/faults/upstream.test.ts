import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { FailureCode } from '../../src/core/errors.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { chaosServer, drip, flood } from '../kit/chaos.ts';
import type { ChaosServer, Fault } from '../kit/chaos.ts';
import { deafServer } from '../kit/deaf-server.ts';
import { ClientError, fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import type { InProcessGateway } from '../kit/in-process.ts';
import { freePorts } from '../kit/process.ts';
import { gatewayConfig } from '../kit/snapshot.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const UNTIL_CLOSE = 'HTTP/1.1 200 OK\r\n\r\n';
const SILENCE_MS = 400;

const { timeouts } = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:1');
const IMPATIENT = {
  timeouts: { ...timeouts, connectMs: 500, firstByteMs: SILENCE_MS, upstreamIdleMs: SILENCE_MS },
};

/**
 * What a client sees: a status of the gateway, a connection that is cut, or a whole answer; `spent` is a whole answer
 * too, after which the connection to the server must not be used again.
 */
type Seen = number | 'cut' | 'whole' | 'spent';

const write =
  (text: string): Fault =>
  (socket) =>
    socket.write(text, 'latin1');
const then =
  (text: string, end: (socket: Socket) => unknown): Fault =>
  (socket) =>
    socket.write(text, 'latin1', () => setTimeout(end, 20, socket));
const thenFlood =
  (text: string, more: string): Fault =>
  (socket) => {
    socket.write(text, 'latin1');
    flood(socket, more);
  };
const reset = (socket: Socket): unknown => socket.resetAndDestroy();
const finish = (socket: Socket): unknown => socket.end();
const STAFF = { header: ['x-canary', '1'], cookie: null, host: null, from: ['127.0.0.0/8'] } as const;
const letters = (text: string): string[] => text.split('');

function* forever(text: string): Generator<string> {
  for (;;) yield text;
}

const FAULTS: readonly [string, Fault, Seen, FailureCode | null][] = [
  ['accepts and never answers', () => {}, 504, 'first_byte_timeout'],
  ['sends half a head and stops', write('HTTP/1.1 200 OK\r\nContent-Le'), 504, 'idle_timeout'],
  ['sends a head and stops', write(HEAD), 'cut', 'idle_timeout'],
  ['sends half a body and stops', write(`${HEAD}12345`), 'cut', 'idle_timeout'],
  ['sends half a chunk and stops', write(`${CHUNKED}a\r\n12345`), 'cut', 'idle_timeout'],
  ['resets before its head', reset, 502, 'upstream_reset'],
  ['closes before its head', finish, 502, 'upstream_reset'],
  ['resets inside its head', then('HTTP/1.1 200 OK\r\nX-', reset), 502, 'upstream_truncated'],
  ['closes inside its head', then('HTTP/1.1 200 OK\r\nX-', finish), 502, 'upstream_truncated'],
  ['resets after its head', then(HEAD, reset), 'cut', 'upstream_truncated'],
  ['resets inside a body with a length', then(`${HEAD}12345`, reset), 'cut', 'upstream_truncated'],
  ['closes inside a body with a length', then(`${HEAD}12345`, finish), 'cut', 'upstream_truncated'],
  ['resets inside a chunk', then(`${CHUNKED}a\r\n12345`, reset), 'cut', 'upstream_truncated'],
  ['closes inside a chunk', then(`${CHUNKED}a\r\n12345`, finish), 'cut', 'upstream_truncated'],
  ['closes between two chunks', then(`${CHUNKED}5\r\n12345\r\n`, finish), 'cut', 'upstream_truncated'],
  ['closes inside its trailer', then(`${CHUNKED}0\r\nX-A: b`, finish), 'cut', 'upstream_truncated'],
  ['resets a body that ends with the close', then(`${UNTIL_CLOSE}12345`, reset), 'cut', 'upstream_truncated'],
  ['ends a body with the close', then(`${UNTIL_CLOSE}1234567890`, finish), 'spent', null],
  ['drips an answer', (socket) => drip(socket, letters(`${HEAD}1234567890`), 20), 'whole', null],
  [
    'drips chunks',
    (socket) => drip(socket, letters(`${CHUNKED}a\r\n1234567890\r\n0\r\n\r\n`), 20),
    'whole',
    null,
  ],
  [
    'drips too slowly',
    (socket) => drip(socket, letters(`${HEAD}12`), SILENCE_MS * 2),
    504,
    'first_byte_timeout',
  ],
  ['sends garbage', write('\u0000\u0001 no HTTP \u00ff\r\n\r\n'), 502, 'upstream_protocol'],
  ['sends the greeting of a mail server', write('220 mail ESMTP\r\n'), 504, 'idle_timeout'],
  ['sends a broken chunk size', write(`${CHUNKED}5\r\n12345\r\nzz\r\n`), 'cut', 'upstream_protocol'],
  ['sends an endless chunk size', thenFlood(CHUNKED, '0'), 'cut', 'upstream_protocol'],
  ['sends an endless trailer', thenFlood(`${CHUNKED}0\r\n`, 'X: y\r\n'), 'cut', 'upstream_protocol'],
  [
    'sends bytes after its body',
    write(`${HEAD}1234567890HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`),
    'spent',
    null,
  ],
  ['sends bytes after its last chunk', write(`${CHUNKED}a\r\n1234567890\r\n0\r\n\r\npoison`), 'spent', null],
  ['floods after its body', thenFlood(`${HEAD}1234567890`, 'poison'), 'spent', null],
  ['sends an endless head', thenFlood('HTTP/1.1 200 OK\r\nX: ', 'a'), 502, 'upstream_protocol'],
  ['sends endless fields', thenFlood('HTTP/1.1 200 OK\r\n', 'X: y\r\n'), 502, 'upstream_protocol'],
  [
    'sends endless interim answers',
    (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'),
    502,
    'upstream_protocol',
  ],
  [
    'drips endless interim answers',
    (socket) => drip(socket, forever('HTTP/1.1 100 Continue\r\n\r\n'), 10),
    502,
    'upstream_protocol',
  ],
];

async function start(fault: Fault): Promise<{ chaos: ChaosServer; running: InProcessGateway }> {
  const chaos = await chaosServer(fault);
  const candidate = await upstream().start();
  onTestFinished(async () => {
    await chaos.stop();
    await candidate.stop();
  });
  const legacy = { url: chaos.url } as Upstream;
  return { chaos, running: await inProcessGateway({ legacy, candidate }, { sample: 0 }, IMPATIENT) };
}

/** One request for the bad path: what its client saw, and the code that the gateway named. */
async function bad(url: string): Promise<{ seen: Seen; named: string | undefined; body: string }> {
  try {
    const answer = await fetchOnce(url, { target: '/bad' }, 5_000);
    const named = headerOf(answer, 'x-cutover-error');
    return { seen: named === undefined ? 'whole' : answer.status, named, body: answer.body.toString() };
  } catch (error) {
    if (!(error instanceof ClientError) || error.at !== 'answer' || error.code === 'ETIMEOUT') throw error;
    return { seen: 'cut', named: undefined, body: '' };
  }
}

test.for(FAULTS)('a server that %s harms nobody else', async ([, fault, seen, code]) => {
  const { chaos, running } = await start(fault);
  expect((await fetchOnce(`${running.url}/good`)).body.toString()).toBe('good');
  const broken = bad(running.url);
  await until(() => chaos.requests.some(({ path }) => path === '/bad'), 'the bad request');
  for (let request = 0; request < 5; request += 1) {
    expect((await fetchOnce(`${running.url}/good`)).body.toString()).toBe('good');
  }
  const answer = await broken;
  expect(answer.seen).toBe(seen === 'spent' ? 'whole' : seen);
  if (answer.seen === 'whole') expect(answer.body).toBe('1234567890');
  if (typeof seen === 'number') expect(answer.named).toBe(code);

  expect((await fetchOnce(`${running.url}/good`)).body.toString()).toBe('good');
  const { lanes } = await running.settled();
  expect(lanes.legacy).toMatchObject({
    requests: 8,
    abandoned: 0,
    bad: code === null ? 0 : 1,
    failures: code === null ? {} : { [code]: 1 },
  });
  await expectNothingLeft(running, chaos, seen !== 'whole');
  expect(running.log).toEqual([]);
});

/** The connection that went wrong carried nothing after it and is closed, and the gateway holds nothing either. */
async function expectNothingLeft(
  running: InProcessGateway,
  chaos: ChaosServer,
  isSpent: boolean,
): Promise<void> {
  const at = chaos.requests.findIndex(({ path }) => path === '/bad');
  const { connection = 0 } = chaos.requests[at] ?? {};
  await until(() => {
    running.summary();
    const { gauges } = running.deltas.at(-1) ?? {};
    return gauges?.connections === 0 && gauges.exchanges === 0;
  }, 'no connection and no exchange');
  if (!isSpent) return;
  const later = chaos.requests.slice(at + 1).filter((request) => request.connection === connection);
  expect(later).toEqual([]);
  await until(() => !chaos.open().includes(connection), 'the broken connection to be closed');
}

test.for([
  ['refuses connections', async () => `http://127.0.0.1:${(await freePorts(1))[0]}`, 502, 'connect_refused'],
  ['does not accept connections', async () => (await deafServer()).url, 504, 'connect_timeout'],
] as const)(
  'a server that %s is named in the answer, and others are served',
  async ([, place, status, code]) => {
    const legacy = { url: await place() } as Upstream;
    const candidate = await upstream().start();
    onTestFinished(() => candidate.stop());
    const rollout = { phase: 'canary', canary: [STAFF] } as const;
    const running = await inProcessGateway({ legacy, candidate }, { ...rollout, sample: 0 }, IMPATIENT);
    const broken = bad(running.url);
    const good = await fetchOnce(running.url, { headers: { 'X-Canary': '1' } });
    expect(good.body.toString()).toBe('ok');
    expect(await broken).toMatchObject({ seen: status, named: code });
    const { lanes } = await running.settled();
    expect(lanes.legacy).toMatchObject({ requests: 1, failures: { [code]: 1 } });
  },
);

test('a client of HTTP/1.0 sees a reset and no clean end when the server dies inside its body', async () => {
  const { running } = await start(then(`${UNTIL_CLOSE}12345`, reset));
  const { hostname, port } = new URL(running.url);
  const socket = connect(Number(port), hostname);
  let text = '';
  let code: string | undefined;
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code));
  socket.write('GET /bad HTTP/1.0\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(text).toContain('12345');
  expect(code).toBe('ECONNRESET');
  expect((await running.settled()).lanes.legacy.failures).toEqual({ upstream_truncated: 1 });
});

test('asks legacy when the candidate dies before its head, and never after it', async () => {
  for (const [text, seen] of [
    ['HTTP/1.1 200 OK\r\nX-', 'whole'],
    [`${HEAD}12345`, 'cut'],
  ] as const) {
    const chaos = await chaosServer(then(text, reset));
    const legacy = await upstream().status(200, '1234567890').start();
    onTestFinished(async () => {
      await chaos.stop();
      await legacy.stop();
    });
    const candidate = { url: chaos.url } as Upstream;
    const rollout = { phase: 'enforce', reverseSample: 0 } as const;
    const running = await inProcessGateway({ legacy, candidate }, rollout, IMPATIENT);
    expect((await bad(running.url)).seen).toBe(seen);
    expect(legacy.count()).toBe(seen === 'whole' ? 1 : 0);
    const { lanes } = await running.settled();
    expect(lanes.candidate).toMatchObject({ bad: 1, failures: { upstream_truncated: 1 } });
  }
});
