import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import { KeepAliveClient, fetchOnce } from '../kit/http-client.ts';
import { readMetrics, sumOf } from '../kit/prometheus.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

/** Two workers whose metrics are read; every request that is not safe is not copied, so the candidate sees GETs only. */
async function node(workers: number) {
  const legacy = await upstream()
    .respond(({ method, target }) => ({
      status: target === '/gone' ? 410 : method === 'POST' ? 201 : 200,
      body: 'ok',
    }))
    .start();
  const candidate = await upstream().status(200, 'ok').start();
  const running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({ workers, rollout: { shadow: { sample: '100%', ramp: '0s' } } })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  const read = async () => readMetrics((await running.admin('/metrics')).body.toString());
  return { running, read };
}

test('counts are what clients saw, by lane, method and status, over all workers', async () => {
  const { running, read } = await node(2);
  const clients = Array.from({ length: 4 }, () => new KeepAliveClient(running.url));
  onTestFinished(() => clients.forEach((client) => client.close()));
  let answered = 0;
  for (const client of clients) {
    for (let index = 0; index < 5; index += 1) answered += (await client.request()).body.length;
    for (let index = 0; index < 3; index += 1) {
      answered += (await client.request({ method: 'POST', body: 'hello' })).body.length;
    }
    for (let index = 0; index < 2; index += 1)
      answered += (await client.request({ target: '/gone' })).body.length;
  }
  await fetchOnce(running.url, { headers: { Expect: 'the impossible' } });
  const families = await until(async () => {
    const now = await read();
    const done =
      sumOf(now, 'cutover_requests_total') === 40 && sumOf(now, 'cutover_edge_answers_total') === 1;
    return done && sumOf(now, 'cutover_copies_pending') === 0 ? now : null;
  }, 'all requests to be counted');
  const requests = (labels: Record<string, string>) =>
    sumOf(families, 'cutover_requests_total', { lane: 'legacy', route: 'all', ...labels });
  expect(requests({ method: 'safe', status: '2xx' })).toBe(20);
  expect(requests({ method: 'write', status: '2xx' })).toBe(12);
  expect(requests({ method: 'safe', status: '4xx' })).toBe(8);
  expect(sumOf(families, 'cutover_requests_bad_total')).toBe(0);
  expect(sumOf(families, 'cutover_request_bytes_total')).toBe(12 * 'hello'.length);
  expect(sumOf(families, 'cutover_service_time_seconds_count', { lane: 'legacy' })).toBe(40);
  expect(sumOf(families, 'cutover_response_bytes_total')).toBeGreaterThanOrEqual(answered);
  expect(sumOf(families, 'cutover_ineligible_total', { reason: 'method' })).toBe(12);
  expect(sumOf(families, 'cutover_copies_total', { direction: 'shadow' })).toBe(28);
  expect(sumOf(families, 'cutover_workers', { state: 'serving' })).toBe(2);
  expect(sumOf(families, 'cutover_phase', { phase: 'shadow' })).toBe(1);
});

test('connections are counted by what they do at the moment', async () => {
  const { running, read } = await node(1);
  const client = new KeepAliveClient(running.url);
  const { hostname, port } = new URL(running.url);
  const slow = connect(Number(port), hostname, () => slow.write('GET / HTTP/1.1\r\nHost: half'));
  onTestFinished(() => {
    client.close();
    slow.destroy();
  });
  await client.request();
  const families = await until(async () => {
    const now = await read();
    const state = (name: string) => sumOf(now, 'cutover_client_connections', { state: name });
    return state('idle') === 1 && state('head') === 1 ? now : null;
  }, 'one idle connection and one that sends its head');
  expect(sumOf(families, 'cutover_client_connections')).toBe(2);
  const pool = { lane: 'legacy', use: 'clients' };
  expect(sumOf(families, 'cutover_upstream_connections', { ...pool, state: 'idle' })).toBe(1);
  expect(sumOf(families, 'cutover_upstream_connections', { ...pool, state: 'active' })).toBe(0);
});
