import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { chaosServer } from '../kit/chaos.ts';
import type { ChaosServer, Fault } from '../kit/chaos.ts';
import { Connection, fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import type { InProcessGateway } from '../kit/in-process.ts';
import { until } from '../kit/until.ts';
import type { Upstream } from '../kit/upstream.ts';

const GET = 'GET /bad HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /bad HTTP/1.1\r\nHost: a\r\n';
const hang: Fault = () => {};
const halfAnAnswer: Fault = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345');

const defects: string[] = [];
const onWarning = (warning: Error): void => void defects.push(`${warning.name}: ${warning.message}`);
beforeEach(() => void process.on('warning', onWarning));
afterEach(() => {
  process.off('warning', onWarning);
  expect(defects.splice(0)).toEqual([]);
});

interface Scene {
  readonly legacy: ChaosServer;
  readonly candidate: ChaosServer;
  readonly running: InProcessGateway;
}

async function scene(fault: Fault, sample = 0, copied: Fault = hang): Promise<Scene> {
  const [legacy, candidate] = [await chaosServer(fault), await chaosServer(copied)];
  onTestFinished(async () => {
    await legacy.stop();
    await candidate.stop();
  });
  const lanes = { legacy: { url: legacy.url } as Upstream, candidate: { url: candidate.url } as Upstream };
  return { legacy, candidate, running: await inProcessGateway(lanes, { sample }) };
}

async function quiet({ running }: Scene): Promise<void> {
  await until(() => {
    running.summary();
    const { gauges } = running.deltas.at(-1) ?? {};
    return gauges?.connections === 0 && gauges.exchanges === 0 && gauges.copiesInFlight === 0;
  }, 'no connection, no exchange and no copy');
}

/** Every connection that carried the bad request is closed, and another one serves. */
async function expectGivenUp(server: ChaosServer): Promise<void> {
  const bad = server.requests.filter(({ path }) => path === '/bad').map(({ connection }) => connection);
  await until(() => server.open().every((number) => !bad.includes(number)), 'the call to be given up');
}

interface Stage {
  readonly name: string;
  readonly bytes: string;
  readonly fault: Fault;
  /** The server was asked, and in the end by how many requests. */
  readonly asked: number;
  /** Waits until the client has seen this. */
  readonly sees?: string;
  readonly counted: { readonly requests: number; readonly abandoned: number };
}

const NONE = { requests: 0, abandoned: 0 };
const ONE = { requests: 1, abandoned: 1 };
const STAGES: readonly Stage[] = [
  { name: 'before its first byte', bytes: '', fault: hang, asked: 0, counted: NONE },
  { name: 'inside its head', bytes: GET.slice(0, 20), fault: hang, asked: 0, counted: NONE },
  { name: 'after its head', bytes: `${POST}Content-Length: 9\r\n\r\n`, fault: hang, asked: 1, counted: ONE },
  {
    name: 'inside its body',
    bytes: `${POST}Content-Length: 9\r\n\r\nabc`,
    fault: hang,
    asked: 1,
    counted: ONE,
  },
  {
    name: 'inside a chunk',
    bytes: `${POST}Transfer-Encoding: chunked\r\n\r\n9\r\nabc`,
    fault: hang,
    asked: 1,
    counted: ONE,
  },
  { name: 'while it waits for the answer', bytes: GET, fault: hang, asked: 1, counted: ONE },
  { name: 'inside the answer', bytes: GET, fault: halfAnAnswer, asked: 1, sees: '12345', counted: ONE },
  {
    name: 'while its body and the answer are both under way',
    bytes: `${POST}Content-Length: 9\r\n\r\nabc`,
    fault: halfAnAnswer,
    asked: 1,
    sees: '12345',
    counted: ONE,
  },
  {
    name: 'between two pipelined requests',
    bytes: `${GET.replace('/bad', '/good')}${GET}${GET}`,
    fault: hang,
    asked: 2,
    sees: 'good',
    counted: { requests: 2, abandoned: 1 },
  },
  {
    name: 'inside the head of a pipelined request',
    bytes: `${GET.replace('/bad', '/good')}${GET.slice(0, 20)}`,
    fault: hang,
    asked: 1,
    sees: 'good',
    counted: { requests: 1, abandoned: 0 },
  },
];

const WAYS = ['a reset', 'a close'] as const;

test.for(STAGES.flatMap((stage) => WAYS.map((way) => [stage.name, way, stage] as const)))(
  'a client that goes away %s with %s leaves nothing behind',
  async ([, way, stage]) => {
    const all = await scene(stage.fault);
    const { legacy, running } = all;
    const client = await Connection.open(running.url);
    client.send(stage.bytes);
    await until(() => legacy.requests.length === stage.asked, 'the server to be asked');
    await until(() => client.received.includes(stage.sees ?? ''), 'the answer to begin');
    client.close({ reset: way === 'a reset' });
    await quiet(all);
    await expectGivenUp(legacy);
    expect(legacy.requests.length).toBe(stage.asked);
    const { lanes } = running.summary();
    expect(lanes.legacy).toMatchObject({ ...stage.counted, bad: 0, failures: {} });
    expect((await fetchOnce(`${running.url}/good`)).body.toString()).toBe('good');
    expect(running.log).toEqual([]);
  },
);

test('a copy whose client goes away is given up and accounted for', async () => {
  const all = await scene(hang, 1);
  const { legacy, candidate, running } = all;
  const client = await Connection.open(running.url);
  client.send(GET);
  await until(() => legacy.requests.length === 1 && candidate.requests.length === 1, 'both to be asked');
  client.close({ reset: true });
  await quiet(all);
  await expectGivenUp(legacy);
  await expectGivenUp(candidate);
  const { pairs } = running.summary();
  expect(pairs.shadow).toMatchObject({ eligible: 1, sent: 1, clientAborted: 1, compared: 0, pending: 0 });
});

test('a body that its client leaves unfinished is never copied', async () => {
  const all = await scene(hang, 1);
  const { legacy, candidate, running } = all;
  const client = await Connection.open(running.url);
  client.send(`GET /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc`);
  await until(() => legacy.requests.length === 1, 'the server to be asked');
  client.close({ reset: true });
  await quiet(all);
  const { pairs } = running.summary();
  expect(pairs.shadow).toMatchObject({ sent: 0, clientAborted: 0, pending: 0 });
  expect(candidate.requests).toEqual([]);
});

test('a copy goes on when its client leaves after its whole answer', async () => {
  const all = await scene(hang, 1);
  const { candidate, running } = all;
  await fetchOnce(`${running.url}/good`);
  await until(() => candidate.requests.length === 1, 'the copy to be sent');
  const { pairs } = await running.settled();
  expect(pairs.shadow).toMatchObject({ sent: 1, clientAborted: 0, compared: 1 });
});

test('a thousand clients that go away at random moments leave nothing behind', async () => {
  const soon: Fault = (socket) => setTimeout(() => socket.write('HTTP/1.1 204 No\r\n\r\n'), 5);
  const all = await scene(soon, 1, soon);
  const { running } = all;
  const bytes = `${GET}${GET.replace('/bad', '/good')}${POST}Content-Length: 9\r\n\r\nabc`;
  for (let round = 0; round < 20; round += 1) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => Connection.open(running.url)));
    for (const [index, client] of clients.entries()) {
      client.send(bytes.slice(0, (index * 7 + round * 3) % bytes.length));
      setTimeout(() => client.close({ reset: index % 2 === 0 }), index % 12);
    }
    await Promise.all(clients.map((client) => client.closed));
  }
  await quiet(all);
  const { pairs } = await running.settled();
  const { sent, compared, shadowFailed, timedOut, clientAborted, responseTooLarge, diffDropped } =
    pairs.shadow;
  expect(compared + shadowFailed + timedOut + clientAborted + responseTooLarge + diffDropped).toBe(sent);
  expect((await fetchOnce(`${running.url}/good`)).body.toString()).toBe('good');
});
