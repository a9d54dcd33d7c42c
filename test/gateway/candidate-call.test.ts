import { expect, onTestFinished, test } from 'vitest';
import type { FailureCode } from '../../src/core/errors.ts';
import { HeaderFields } from '../../src/core/headers.ts';
import { CandidateCall } from '../../src/gateway/candidate-call.ts';
import type { Filter, FilterAnswer } from '../../src/gateway/filters/types.ts';
import { LaneRequest } from '../../src/gateway/lane-request.ts';
import { Upstream } from '../../src/gateway/upstream.ts';
import { NameKeeper } from '../../src/gateway/upstreams/names.ts';
import { resolver } from '../../src/gateway/upstreams/resolve.ts';
import type { OutboundHandler } from '../../src/wire/types.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

/** Writes down what a lane tells its caller. */
class Heard implements OutboundHandler {
  status = 0;
  body = '';
  ended = false;
  failed: FailureCode | null = null;
  calls = 0;
  onSent(): void {}
  onInform(): void {}
  onHead({ status }: { status: number }): void {
    this.calls += 1;
    this.status = status;
  }
  onData(chunk: Buffer): void {
    this.body += chunk.toString();
  }
  onEnd(): void {
    this.calls += 1;
    this.ended = true;
  }
  onWritable(): void {
    this.calls += 1;
  }
  onFailure(code: FailureCode): void {
    this.calls += 1;
    this.failed = code;
  }
}

async function lane() {
  const service = await upstream()
    .respond((request) => ({ body: `got ${request.body.length}` }))
    .start();
  const timeouts = { connectMs: 1_000, firstByteMs: 1_000, idleMs: 1_000, totalMs: 0 };
  const server = new Upstream(upstreamConfig('candidate', service.url), {
    timeouts,
    maxConnections: 10,
    use: 'clients',
    names: new NameKeeper(resolver(null), () => {}),
  });
  onTestFinished(async () => {
    server.close();
    await service.stop();
  });
  const call = (filters: Filter[], framing: 'none' | 'chunked' = 'none') => {
    const request = new LaneRequest({
      upstream: 'candidate',
      requestId: 'r1',
      method: framing === 'none' ? 'GET' : 'POST',
      path: '/',
      target: '/',
      host: 'x',
      clientAddress: '127.0.0.1',
      certificate: null,
      region: 'eu',
      route: 'all',
      isCopy: false,
      fields: new HeaderFields(),
      matched: { config: route('all'), edgeFilters: [], templates: [], filters },
      framing,
      contentLength: -1,
      upgrade: '',
      claims: null,
    });
    const heard = new Heard();
    const outbound = new CandidateCall(request, server, heard);
    outbound.start();
    return { heard, outbound };
  };
  return { service, call };
}

/** A filter that waits for the test, and tells how it ended. */
function waiting() {
  const done: (FailureCode | null)[] = [];
  let answer: (value: FilterAnswer | null) => void = () => {};
  let fail: (reason: Error) => void = () => {};
  const filter: Filter = {
    name: 'waiting',
    onRequest: () =>
      new Promise<FilterAnswer | null>((resolve, reject) => {
        answer = resolve;
        fail = reject;
      }),
    onDone: (_exchange, failed) => void done.push(failed),
  };
  return { filter, done, pass: () => answer(null), reject: () => fail(new Error('broken')) };
}

test('a filter that waits holds its own request and no other', async () => {
  const { call, service } = await lane();
  const slow = waiting();
  const held = call([slow.filter]);
  held.outbound.end();
  const free = call([]);
  free.outbound.end();
  await until(() => free.heard.ended, 'the request without a filter');
  expect([held.heard.calls, service.count()]).toEqual([0, 1]);
  slow.pass();
  await until(() => held.heard.ended, 'the request that was held');
  expect(slow.done).toEqual([null]);
});

test('a body that comes while a filter waits is held back, and then sent whole', async () => {
  const { call, service } = await lane();
  const slow = waiting();
  const { outbound, heard } = call([slow.filter], 'chunked');
  expect(outbound.write(Buffer.alloc(700))).toBe(false);
  slow.pass();
  await until(() => heard.calls > 0, 'room again');
  outbound.write(Buffer.alloc(300));
  outbound.end();
  await until(() => heard.ended, 'the answer');
  expect([heard.body, service.requests[0]?.body.length]).toEqual(['got 1000', 1_000]);
});

test('a filter that rejects or throws is a failure of the lane, and is told the end', async () => {
  const { call, service } = await lane();
  const slow = waiting();
  const rejected = call([slow.filter]);
  slow.reject();
  const thrown = call([
    {
      name: 'throws',
      onRequest: () => {
        throw new Error('broken');
      },
    },
  ]);
  await until(() => rejected.heard.failed !== null && thrown.heard.failed !== null, 'both ends');
  expect([rejected.heard.failed, thrown.heard.failed, service.count()]).toEqual([
    'filter_failed',
    'filter_failed',
    0,
  ]);
  expect(slow.done).toEqual(['filter_failed']);
});

test('a request given up while a filter waits is never forwarded', async () => {
  const { call, service } = await lane();
  const slow = waiting();
  const { outbound, heard } = call([slow.filter]);
  outbound.end();
  outbound.abort();
  slow.pass();
  const other = call([]);
  other.outbound.end();
  await until(() => other.heard.ended, 'another request');
  expect([heard.calls, service.count(), slow.done]).toEqual([0, 1, ['aborted']]);
});
