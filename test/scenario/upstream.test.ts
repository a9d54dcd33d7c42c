import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../src/scenario/ports.ts';
import { faultSchema } from '../../src/scenario/schema-faults.ts';
import { upstreamSchema } from '../../src/scenario/schema-upstreams.ts';
import { startUpstream } from '../../src/scenario/upstream.ts';
import type { EmbeddedUpstream } from '../../src/scenario/upstream.ts';
import { ClientError, fetchOnce } from '../kit/http-client.ts';
import { until } from '../kit/until.ts';

async function start(answers: readonly object[]): Promise<{ url: string; upstream: EmbeddedUpstream }> {
  const [port = 0] = await freePorts(1);
  const upstream = await startUpstream('shop', {
    port,
    answers: upstreamSchema.parse({ answers }).answers ?? [],
    seed: 7,
  });
  onTestFinished(() => upstream.stop());
  return { upstream, url: `http://127.0.0.1:${port}` };
}

const fault = (number: number, settings: object) => ({
  number,
  fault: faultSchema.parse({ target: 'shop', ...settings }),
});
const status = async (url: string): Promise<number | string> =>
  await fetchOnce(url, { target: '/orders/1' }, 300).then(
    (answer) => answer.status,
    (error: unknown) => (error instanceof ClientError ? 'error' : String(error)),
  );

test('an embedded upstream answers from its own thread and counts requests and copies', async () => {
  const { url, upstream } = await start([{ path: '/orders/{id}', json: { id: '{id}' } }]);
  const answer = await fetchOnce(url, { target: '/orders/1' });
  expect(answer.body.toString()).toBe('{"id":"1"}');
  await fetchOnce(url, { target: '/orders/2', headers: { 'x-cutover-copy': '1' } });
  expect(await upstream.served()).toEqual({ requests: 2, copies: 1, originals: 1 });
});

test('faults begin and end while it runs', async () => {
  const { url, upstream } = await start([{ path: '/' }]);
  expect(await status(url)).toBe(200);
  upstream.start(fault(0, { kind: 'error', status: 502 }));
  await until(async () => (await status(url)) === 502, 'the error');
  upstream.start(fault(1, { kind: 'hang' }));
  await until(async () => (await status(url)) === 'error', 'the hang');
  upstream.end(0);
  upstream.end(1);
  await until(async () => (await status(url)) === 200, 'the end of both');
});

test('an upstream that restarts is down and comes back on its port', async () => {
  const { url, upstream } = await start([{ path: '/' }]);
  upstream.start(fault(0, { kind: 'restart' }));
  await until(async () => (await status(url)) === 'error', 'it to go down');
  upstream.end(0);
  await until(async () => (await status(url)) === 200, 'it to come back');
});

test('a port that is taken is told with the name of the upstream', async () => {
  const { url } = await start([{ path: '/' }]);
  const taken = { port: Number(new URL(url).port), answers: [], seed: 1 };
  await expect(startUpstream('twin', taken)).rejects.toThrow(
    /the upstream twin does not start: .*EADDRINUSE/,
  );
});
