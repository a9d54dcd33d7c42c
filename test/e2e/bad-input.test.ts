import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { headerOf } from '../kit/answer-reader.ts';
import { cutover, gateway } from '../kit/gateway.ts';
import type { GatewayBuilder } from '../kit/gateway.ts';
import { Connection, KeepAliveClient, fetchOnce } from '../kit/http-client.ts';
import { operate } from '../kit/operator.ts';
import { freePorts } from '../kit/process.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

/** Starts `run` with a configuration that must not come up. */
async function refused(built: GatewayBuilder): Promise<{ code: number; stderr: string }> {
  const { folder, configFile } = await built.write();
  return cutover(['run', '-c', configFile], { cwd: folder });
}

/** A gateway over two services that work. */
async function working(patch: object = {}) {
  const legacy = await upstream().json({ from: 'legacy' }).start();
  const candidate = await upstream().json({ from: 'candidate' }).start();
  const running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({ ...patch })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  return { legacy, candidate, running };
}

const NOWHERE = 'http://127.0.0.1:9';

test('run refuses a configuration with its lines and hints, exit code 2', async () => {
  const { code, stderr } = await refused(
    gateway()
      .legacy(NOWHERE)
      .candidate(NOWHERE)
      .config({ rollout: { windw: '10s', shadow: { sample: 10 } } }),
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(/cutover\.yaml:\d+:\d+/);
  expect(stderr).toContain('windw');
  expect(stderr).toContain('window');
  expect(stderr).toContain('sample');
});

test('run without a configuration file says how to make one, exit code 2', async () => {
  const { code, stderr } = await cutover(['run', '-c', 'no-such-file.yaml']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('no-such-file.yaml')]);
  expect(stderr).toContain('cutover init');
});

test('run on a port that is taken says so, exit code 1, and leaves nothing behind', async () => {
  const [port = 0] = await freePorts(1);
  const taken = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => new Promise<void>((resolve) => void taken.close(() => resolve())));
  const { code, stderr } = await refused(
    gateway()
      .legacy(NOWHERE)
      .candidate(NOWHERE)
      .config({ listen: [{ address: `127.0.0.1:${port}` }] }),
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining(String(port))]);
  expect(stderr).toContain('hint:');
});

test('run on a file that is no database says so, exit code 1, and does not touch it', async () => {
  const built = gateway().legacy(NOWHERE).candidate(NOWHERE);
  const { folder, configFile } = await built.write();
  const file = join(folder, 'cutover.db');
  writeFileSync(file, 'this is a text of mine, and longer than a header of a database would be'.repeat(40));
  const before = readFileSync(file, 'utf8');
  const { code, stderr } = await cutover(['run', '-c', configFile], { cwd: folder });
  expect([code, stderr]).toEqual([1, expect.stringContaining('cutover.db')]);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('a candidate that is down at the start costs no client anything', async () => {
  const legacy = await upstream().json({ from: 'legacy' }).start();
  const running = await gateway()
    .legacy(legacy)
    .candidate(NOWHERE)
    .config({ rollout: { shadow: { sample: '100%' } } })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await legacy.stop();
  });
  const client = new KeepAliveClient(running.url);
  for (let index = 0; index < 50; index += 1) expect((await client.request()).status).toBe(200);
  client.close();
  const status = await until(async () => {
    const now = await running.status();
    const { sent, shadowFailed } = now.pairs.shadow.accounting;
    return sent === 50 && shadowFailed === 50 ? now : null;
  }, 'the failed copies to be counted');
  expect(status.pairs.shadow.joint.error.plus).toBe(status.pairs.shadow.joint.error.n);
  expect(status.lanes.legacy.bad).toBe(0);
});

test('malformed requests get a clear answer, reach nobody, and the next client is served', async () => {
  const { legacy, candidate, running } = await working();
  const bad: [request: string, status: number][] = [
    ['GET / HTTP/1.1\r\n\r\n', 400],
    ['GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc', 400],
    ['POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n', 400],
    ['GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['GET / HTTP/2.0\r\nHost: x\r\n\r\n', 505],
    ['CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', 501],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    [`GET /${'z'.repeat(9_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
  ];
  for (const [request, status] of bad) {
    const connection = await Connection.open(running.url);
    const answer = await connection.exchange(request);
    expect([request.slice(0, 60), answer.status]).toEqual([request.slice(0, 60), status]);
    expect(headerOf(answer, 'x-cutover-error')).toBeDefined();
    expect(answer.keepsAlive).toBe(false);
  }
  expect([legacy.count(), candidate.count()]).toEqual([0, 0]);
  expect((await fetchOnce(running.url)).status).toBe(200);
  const edge = await until(async () => {
    const now = (await running.status()).edge;
    return Object.values(now).reduce((sum, count) => sum + count, 0) === bad.length ? now : null;
  }, 'the refusals to be counted');
  expect(edge).toMatchObject({
    headers_too_large: 1,
    uri_too_long: 1,
    not_implemented: 1,
    version_not_supported: 1,
  });
});

test('an access log on a full disk costs its lines, which are counted, and no client', async () => {
  const { running } = await working({ accessLog: { file: '/dev/full' } });
  const client = new KeepAliveClient(running.url);
  for (let index = 0; index < 20; index += 1) expect((await client.request()).status).toBe(200);
  client.close();
  await until(async () => {
    const metrics = (await running.admin('/metrics')).body.toString();
    return /cutover_access_log_dropped_total\{worker="0"\} 20/.test(metrics);
  }, 'the lost lines to be counted');
});

test('the access log says which lane answered, under which phase and epoch', async () => {
  const { running } = await working({ accessLog: { file: './access.jsonl' } });
  await fetchOnce(running.url, { target: '/a?secret=1', headers: { 'X-Request-Id': 'no' } });
  const file = join(running.folder, 'access.jsonl');
  const text = await until(() => (existsSync(file) ? readFileSync(file, 'utf8') || null : null), 'the line');
  const line = JSON.parse(text.slice(0, text.indexOf('\n'))) as Record<string, unknown>;
  expect(line).toMatchObject({
    lane: 'legacy',
    phase: 'shadow',
    epoch: 1,
    'url.path': '/a',
    'http.response.status_code': 200,
  });
  expect(JSON.stringify(line)).not.toContain('secret');
});

test('the data path and rollback go on while the store has no room', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-full-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
  onTestFinished(() => {
    if (mounted) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const { running } = await working({
    store: { sqlite: join(folder, 'cutover.db') },
    explainHeaders: true,
    rollout: { window: '1s', canary: { match: [{ header: { 'x-canary': 'yes' }, from: '127.0.0.0/8' }] } },
  });
  await operate(running, 'advance');
  const asStaff = async () =>
    headerOf(await fetchOnce(running.url, { headers: { 'X-Canary': 'yes' } }), 'x-cutover-lane');
  expect(await asStaff()).toBe('candidate');
  if (mounted) {
    spawnSync('dd', ['if=/dev/zero', `of=${join(folder, 'filler')}`, 'bs=4k']);
    await until(async () => (await running.status()).store.mode !== 'live', 'the store to be missed', 20_000);
  }
  await operate(running, 'rollback');
  expect(await asStaff()).toBe('legacy');
});
