import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { inProcessGateway } from '../kit/in-process.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

/** What a client that comes from one of this machine's addresses is told; its connection stays open. */
async function statusFor(url: string, localAddress: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, localAddress });
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => text.includes('\r\n\r\n'), 'an answer');
  return text.slice(9, 12);
}

test('a configured limit on connections of one address holds from a reload on, is counted, and spares proxies', async () => {
  const [legacy, candidate] = [await upstream().start(), await upstream().start()];
  onTestFinished(async () => void (await Promise.all([legacy.stop(), candidate.stop()])));
  const running = await inProcessGateway({ legacy, candidate }, { sample: 0 });
  for (let index = 0; index < 3; index += 1) expect(await statusFor(running.url, '127.0.0.2')).toBe('200');
  running.apply({ config: { maxPerAddress: 2, trustedProxies: ['127.0.0.9/32'] } });
  const told: string[] = [];
  for (let index = 0; index < 4; index += 1) told.push(await statusFor(running.url, '127.0.0.3'));
  expect(told).toEqual(['200', '200', '429', '429']);
  for (let index = 0; index < 4; index += 1) expect(await statusFor(running.url, '127.0.0.9')).toBe('200');
  const { edge, lanes } = running.summary();
  // Nobody's lane is blamed.
  expect([edge['address_limit'], lanes.legacy.requests, lanes.legacy.bad]).toEqual([2, 9, 0]);
  expect(running.deltas.at(-1)?.gauges.refused).toEqual({ limit: 0, dropped: 0, address: 2 });
});
