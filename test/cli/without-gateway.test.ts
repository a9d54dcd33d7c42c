import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { schemas } from '../../src/cli/schemas.ts';
import { historySchema } from '../../src/control/schema/history.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { startChild } from '../kit/process.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import { cli } from './kit.ts';
import type { Ran } from './kit.ts';

/** A gateway that ran, found a difference, and was stopped: what it left behind is what these verbs have. */
let running: RunningGateway;
const folders: string[] = [];

beforeAll(async () => {
  const legacy = await upstream().json({ total: 10.5 }).start();
  const candidate = await upstream().json({ total: '10.50' }).start();
  const rollout = { shadow: { sample: '100%' } };
  running = await gateway().legacy(legacy).candidate(candidate).config({ rollout }).start();
  await fetchOnce(`${running.url}/orders/17`);
  await until(async () => (await running.status()).classes > 0, 'a class of differences');
  running.signal('SIGTERM');
  await running.exited;
  await Promise.all([legacy.stop(), candidate.stop()]);
});

afterAll(async () => {
  await running.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const verb = (line: string): Promise<Ran> => cli([...line.split(' '), '-c', running.configFile]);

test('status without a gateway says how to start it', async () => {
  const { exitCode, out, err } = await verb('status');
  expect({ exitCode, out }).toEqual({ exitCode: 6, out: '' });
  expect(err).toMatch(/^error: no gateway answers at .*\n {2}hint: start it: cutover run/);
  const json = await verb('status --json');
  expect(json).toMatchObject({ exitCode: 6, out: '' });
  expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'UNREACHABLE' } });
});

test('a change without a gateway is not made', async () => {
  for (const line of [
    'pause',
    'advance --force --reason x --yes',
    'rollback --reason x',
    'bypass --off --yes',
  ]) {
    expect(await verb(line), line).toMatchObject({ exitCode: 6, out: '' });
  }
});

test('history is read from the store when no gateway answers', async () => {
  const { exitCode, out, err } = await verb('history');
  expect(exitCode).toBe(0);
  expect(out).toContain('the chain of hashes is intact');
  expect(err).toMatch(/^the gateway does not answer: read from .*cutover\.db\n$/);
  const json = await verb('history --json');
  expect(json.err).toBe('');
  expect(historySchema.parse(JSON.parse(json.out))).toMatchObject({ intact: true, total: 1 });
});

test('differences are read from the store when no gateway answers', async () => {
  const { exitCode, out } = await verb('differences --json');
  const found = JSON.parse(out) as { compared: number; classes: { id: string; count: number }[] };
  expect({ exitCode, compared: found.compared }).toEqual({ exitCode: 0, compared: 1 });
  expect(found.classes).toHaveLength(1);
  const detail = await verb(`differences show ${found.classes[0]?.id}`);
  const json = await verb(`differences show ${found.classes[0]?.id} --json`);
  expect(schemas.difference.parse(JSON.parse(json.out)).class.id).toBe(found.classes[0]?.id);
  expect(detail.out).toContain('GET /orders/17');
  expect(detail.out).toContain('curl ');
  expect((await verb('differences show ffffffffffffffff')).exitCode).toBe(2);
});

test('where no gateway ever ran, every verb says so and ends with 6', async () => {
  const { folder, configFile } = await gateway()
    .legacy('http://127.0.0.1:1')
    .candidate('http://127.0.0.1:1')
    .write();
  folders.push(folder);
  for (const line of ['history', 'differences', 'differences show ffffffffffffffff']) {
    const { exitCode, err } = await cli([...line.split(' '), '-c', configFile]);
    expect({ line, exitCode }).toEqual({ line, exitCode: 6 });
    expect(err).toContain(`and there is no store at ${join(folder, 'cutover.db')}`);
    expect(err).toContain(`hint: start the gateway: cutover run -c ${configFile}`);
  }
  for (const line of ['pause', 'resume', 'reload', 'advance', 'rollback --reason x', 'bypass --off']) {
    const { exitCode, err } = await cli([...line.split(' '), '-c', configFile]);
    expect({ line, exitCode }).toEqual({ line, exitCode: 6 });
    expect(err).toContain(`no gateway runs here: ${join(folder, 'run')} has no token of one`);
    expect(err).not.toContain('ENOENT');
  }
});

test('a rollback without its supervisor names the kill switch of this run directory', async () => {
  const hint = `cutover bypass --run-dir ${join(running.folder, 'run')}`;
  const { exitCode, err } = await verb('rollback --reason orders');
  expect(exitCode).toBe(6);
  expect(err).toContain(`hint: send all traffic to legacy without it: ${hint}\n`);
  const json = await verb('rollback --reason orders --json');
  expect(JSON.parse(json.err)).toMatchObject({ error: { hint: expect.stringContaining(hint) as string } });
});

test('the kill switch works without a supervisor and says so', async () => {
  const { exitCode, out } = await verb('bypass --reason fire');
  expect(exitCode).toBe(0);
  expect(out).toContain('threw the kill switch without the supervisor');
  const json = await verb('bypass --json');
  const answer = schemas.change.parse(JSON.parse(json.out));
  expect(answer).toEqual({ schemaVersion: 1, bypass: true, supervisor: false, workers: 0 });
  expect((await verb('bypass')).out).toContain('the kill switch was on already');
});

test('the kill switch works without a configuration that can be read', async () => {
  const { folder } = running;
  const broken = await cli(['bypass', '-c', join(folder, 'absent.yaml')]);
  expect(broken.exitCode).toBe(2);
  expect(broken.err).toContain(
    `hint: without the configuration: cutover bypass --run-dir ${join(folder, 'run')}\n`,
  );
  const done = await cli(['bypass', '-c', join(folder, 'absent.yaml'), '--run-dir', join(folder, 'run')]);
  expect(done.exitCode).toBe(0);
});

/** Accepts connections and never says a word. */
async function silentServer() {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  };
  return { silent, port: (silent.address() as AddressInfo).port, stop };
}

test('a gateway that accepts and never answers is given up in time', async () => {
  const { port, stop } = await silentServer();
  const { exitCode, err } = await cli(['status', '--admin', `127.0.0.1:${port}`, '--timeout', '200ms']);
  await stop();
  expect(exitCode).toBe(6);
  expect(err).toMatch(/did not answer (with)?in 200 ?ms/);
});

test('an absent configuration is a configuration error with a hint', async () => {
  const { exitCode, err } = await cli(['status', '-c', '/nonexistent/cutover.yaml']);
  expect(exitCode).toBe(2);
  expect(err).toContain('hint: write one: cutover init, or name one: -c FILE');
});

test('the configuration is also named by the environment', async () => {
  const named = await cli(['history', '--json'], { env: { CUTOVER_CONFIG: running.configFile } });
  expect(named.exitCode).toBe(0);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a verb that waits ends with the code of %s', async (signal, code) => {
  const { silent, port, stop } = await silentServer();
  const accepted = new Promise((resolve) => silent.once('connection', resolve));
  const bin = join(import.meta.dirname, '../../bin/cutover.js');
  const child = await startChild(process.execPath, [bin, 'status', '--admin', `127.0.0.1:${port}`], {});
  await accepted;
  child.signal(signal);
  expect(await child.exited).toBe(code);
  expect(child.stderr()).toBe('');
  await stop();
});
