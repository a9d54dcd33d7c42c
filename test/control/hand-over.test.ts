import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { isNewerBuild } from '../../src/control/build.ts';
import { readSupervisor } from '../../src/control/lock.ts';
import { processStart } from '../../src/control/process-identity.ts';
import { runPaths, writeFileAtomic } from '../../src/control/run-dir.ts';
import { freePorts } from '../kit/process.ts';
import { until } from '../kit/until.ts';
import { NodeFolder } from './kit/nodes.ts';
import type { NodeProcess } from './kit/nodes.ts';

let place: NodeFolder;

beforeEach(async () => {
  place = await new NodeFolder().configure({ workers: 1 });
});

afterEach(() => place.remove());

const build = (name: string): { env: Record<string, string> } => ({ env: { CUTOVER_TEST_BUILD: name } });

/** The one that acts, as the run directory says. */
function actingPid(): number | null {
  const found = readSupervisor(runPaths(place.runDir));
  return found?.admin === null ? null : (found?.pid ?? null);
}

async function acts(node: NodeProcess): Promise<void> {
  await until(() => actingPid() === node.pid, `process ${node.pid} to act: ${node.log()}`, 20_000);
}

/** The older one serves, acts, and takes commands. */
async function unharmed(node: NodeProcess, workers: readonly number[]): Promise<void> {
  expect(actingPid()).toBe(node.pid);
  expect(await place.workerPids()).toEqual(workers);
  expect((await place.command('/v1/pause', { who: 'test', reason: 'still here' })).status).toBe(200);
}

test('knows a newer build by its version, and of the same version by its files', () => {
  const made = (name: string, madeMs = 0) => ({ name, madeMs });
  const newer = (a: string, b: string) => isNewerBuild(made(`${a}+x`), made(`${b}+y`));
  expect([newer('1.10.0', '1.9.9'), newer('2.0.0', '10.0.0'), newer('1.0.0', '1.0.0')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([newer('1.0.0', '1.0.0-rc.1'), newer('1.0.0-rc.2', '1.0.0-rc.10')]).toEqual([true, false]);
  expect([
    newer('1.0.0-rc.1', '1.0.0'),
    newer('1.0.0-rc.1', '1.0.0-rc'),
    newer('1.0.0-b', '1.0.0-1'),
  ]).toEqual([false, true, true]);
  expect(isNewerBuild(made('1.0.0+x', 2), made('1.0.0+y', 1))).toBe(true);
  expect(isNewerBuild(made('1.0.0+x', 2), made('1.0.0+x', 1))).toBe(false);
});

test('an older build is refused while a newer one serves, unless it is told to take over', async () => {
  const newer = await place.start('stub', build('2.0.0+1'));
  const workers = await place.workerPids();
  const refused = place.launch('stub', build('1.0.0+2'));
  expect(await refused.exited).toBe(1);
  expect(refused.log()).toContain(`ALREADY_RUNNING another supervisor (process ${newer.pid})`);
  await unharmed(newer, workers);
  const forced = place.launch('stub', {
    env: { CUTOVER_TEST_BUILD: '1.0.0+2', CUTOVER_TEST_TAKE_OVER: 'yes' },
  });
  expect(await newer.exited).toBe(0);
  await acts(forced);
  expect(forced.log()).toContain('forced by --take-over');
});

test('another configuration file for the same run directory is refused with exit code 5', async () => {
  const older = await place.start('stub', build('1.0.0+1'));
  const workers = await place.workerPids();
  const configFile = join(place.folder, 'another.yaml');
  copyFileSync(place.configFile, configFile);
  const refused = place.launch('stub', { ...build('2.0.0+1'), configFile });
  expect(await refused.exited).toBe(5);
  expect(refused.log()).toContain('OTHER_CONFIG');
  await unharmed(older, workers);
});

test('a newer build that cannot start leaves the older one as it is', async () => {
  const older = await place.start('stub', build('1.0.0+1'));
  const workers = await place.workerPids();
  const blocker = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void blocker.close());
  await until(() => blocker.listening);
  const { port } = blocker.address() as AddressInfo;

  const dying = { env: { CUTOVER_TEST_BUILD: '2.0.0+1', CUTOVER_TEST_WORKERS: 'die at start' } };
  const crashed = place.launch('stub', dying);
  expect([await crashed.exited, crashed.log().includes('WORKER_START')]).toEqual([1, true]);
  await unharmed(older, workers);

  await place.configure({ listen: [{ address: `127.0.0.1:${port}` }] });
  const blocked = place.launch('stub', build('2.0.0+1'));
  expect([await blocked.exited, blocked.log().includes('PORT_TAKEN')]).toEqual([1, true]);
  await unharmed(older, workers);

  await place.configure({ legacy: {} });
  const misconfigured = place.launch('stub', build('2.0.0+1'));
  expect(await misconfigured.exited).toBe(2);
  await unharmed(older, workers);
}, 60_000);

/** A process that cannot act: what a successor is between its request and its end. */
async function someProcess(): Promise<{ pid: number; started: string; kill: () => void }> {
  const child = spawn('sleep', ['60']);
  const pid = child.pid ?? 0;
  const kill = (): void => void child.kill('SIGKILL');
  onTestFinished(kill);
  await until(() => processStart(pid) !== null);
  return { pid, started: processStart(pid) ?? '', kill };
}

/** The same, for which the one that acts has let go. */
async function successorThatWaits() {
  const successor = await someProcess();
  const { pid, started } = successor;
  const asked = await place.command('/v1/hand-over', { who: 'test', pid, started, build: '2.0.0+1' });
  expect(asked.status).toBe(200);
  return successor;
}

/** As a supervisor of this folder writes when it acts. */
function noteOf({ pid, started }: { pid: number; started: string }): void {
  const [configFile, storeFile] = [place.configFile, join(place.folder, 'cutover.db')];
  const note = { pid, started, build: '2.0.0+1', madeMs: 1, configFile, storeFile, admin: '127.0.0.1:1' };
  writeFileAtomic(runPaths(place.runDir).supervisor, JSON.stringify(note));
}

test('does not drain for the note of a process that has died, and says when the one that took over died', async () => {
  const older = await place.start('stub', build('1.0.0+1'));
  const workers = await place.workerPids();
  const dead = await someProcess();
  dead.kill();
  await until(() => processStart(dead.pid) === null);
  const waiting = await successorThatWaits();
  noteOf(dead);
  waiting.kill();
  await acts(older);
  await unharmed(older, workers);

  const hanging = get(`http://127.0.0.1:${await place.port()}/hang`).on('error', () => undefined);
  await until(() => hanging.socket?.connecting === false);
  const second = await successorThatWaits();
  noteOf(second);
  await until(() => older.log().includes('took over: draining'));
  second.kill();
  expect(await older.exited).toBe(1);
  expect(older.log()).toContain(`process ${second.pid}, which took over, has died`);
}, 60_000);

test('waits for one that drains as long as that one drains, unless it is told to stop', async () => {
  await place.configure({ timeouts: { drain: '20s' } });
  const older = await place.start('stub', build('1.0.0+1'));
  expect(readSupervisor(runPaths(place.runDir))?.note?.drainMs).toBe(20_000);
  const hanging = get(`http://127.0.0.1:${await place.port()}/hang`).on('error', () => undefined);
  await until(() => hanging.socket?.connecting === false);
  older.child.kill('SIGTERM');
  await until(() => older.log().includes('draining'));
  const newer = place.launch('stub', build('2.0.0+1'));
  await until(() => newer.log().includes('did not let go, it ends'), 'the newer to wait', 20_000);
  newer.child.kill('SIGINT');
  expect(await newer.exited).toBe(1);
  expect(newer.log()).toContain('STOPPED told to stop');
  expect(older.child.exitCode).toBe(null);
}, 60_000);

test('takes everything back when the one that was to take over dies half-way', async () => {
  const older = await place.start('stub', build('1.0.0+1'));
  const workers = await place.workerPids();
  const { epoch } = (await place.status()).rollout;
  const successor = await successorThatWaits();
  expect(actingPid()).toBe(null);
  expect(await place.workerPids()).toEqual(workers);
  successor.kill();
  await acts(older);
  await unharmed(older, workers);
  expect(older.log()).toContain(`process ${older.pid} (build 1.0.0+1) acts again`);
  expect((await place.status()).rollout.epoch).toBe(epoch);
}, 60_000);

test('workers of a supervisor that died while it took over are drained by the one that acts', async () => {
  const older = await place.start('stub', build('1.0.0+1'));
  const workers = await place.workerPids();
  // Stopped, it cannot let go: the other one waits with its workers serving.
  older.child.kill('SIGSTOP');
  const newer = place.launch('stub', build('2.0.0+1'));
  await until(() => newer.log().includes('is in effect on 1 workers'), 'the newer workers to serve', 20_000);
  expect((await place.workerPids()).length).toBe(2);
  newer.child.kill('SIGKILL');
  await newer.exited;
  older.child.kill('SIGCONT');
  await until(async () => (await place.workerPids()).length === 1, 'the stray worker to end', 20_000);
  await acts(older);
  await unharmed(older, workers);
  expect(older.log()).toContain('has lost its supervisor');
}, 60_000);

test('keeps the kill switch over a hand-over and names the newer build', async () => {
  await place.start('stub', build('1.0.0+1'));
  const thrown = await place.command('/v1/bypass', { who: 'test', reason: 'carried over', on: true });
  expect(thrown.status).toBe(200);
  const newer = place.launch('stub', build('2.0.0+1'));
  await acts(newer);
  const status = await place.status();
  expect([status.build, status.rollout.bypass]).toEqual(['2.0.0+1', true]);
}, 60_000);

/** Whether somebody listens at a unix socket. */
async function listens(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

test('a take-over that fails leaves the unix socket to the gateway that serves on, one that succeeds takes it', async () => {
  const path = join(place.folder, 'c.sock');
  await place.configure({ listen: [{ address: `unix:${path}` }] });
  const older = await place.start('real', build('1.0.0+1'));
  const { ino } = statSync(path);
  older.child.kill('SIGSTOP');
  const failing = place.launch('real', build('2.0.0+1'));
  await until(() => failing.log().includes('is in effect on 1 workers'), 'the newer worker to serve', 20_000);
  failing.child.kill('SIGKILL');
  await failing.exited;
  older.child.kill('SIGCONT');
  await until(async () => (await place.workerPids()).length === 1, 'the stray worker to end', 20_000);
  await acts(older);
  expect([statSync(path).ino, await listens(path)]).toEqual([ino, true]);

  const newer = place.launch('real', build('3.0.0+1'));
  await acts(newer);
  expect(await older.exited).toBe(0);
  expect([statSync(path).ino === ino, await listens(path)]).toEqual([false, true]);
  newer.child.kill('SIGTERM');
  expect(await newer.exited).toBe(0);
  expect(existsSync(path)).toBe(false);
}, 90_000);

test('fails the take-over when the run directory cannot say who acts, and the older one acts again', async () => {
  const older = await place.start('stub', build('1.0.0+1'));
  const workers = await place.workerPids();
  const [adminPort = 0] = await freePorts(1);
  // The newer one acts and waits for its admin address: time to make its note impossible.
  const blocker = createServer().listen(adminPort, '127.0.0.1');
  onTestFinished(() => void blocker.close());
  await until(() => blocker.listening);
  await place.configure({ admin: { address: `127.0.0.1:${adminPort}` } });
  const newer = place.launch('stub', build('2.0.0+1'));
  const { supervisor } = runPaths(place.runDir);
  await until(() => readSupervisor(runPaths(place.runDir))?.pid === newer.pid, 'the newer one', 20_000);
  mkdirSync(`${supervisor}.${newer.pid}.new`);
  blocker.close();
  expect(await newer.exited).toBe(1);
  expect(newer.log()).toContain('RUN_DIR the admin address could not be noted');
  await acts(older);
  expect(await place.workerPids()).toEqual(workers);
  expect(older.log()).toContain('acts again');
}, 60_000);

test('binds its unix socket again when the one that died had put its own in its place', async () => {
  const path = join(place.folder, 'c.sock');
  await place.configure({ listen: [{ address: `unix:${path}` }] });
  const older = await place.start('real', build('1.0.0+1'));
  const successor = await successorThatWaits();
  const foreign = createServer().listen(`${path}.other`);
  onTestFinished(() => void foreign.close());
  await until(() => foreign.listening);
  renameSync(`${path}.other`, path);
  const { ino } = statSync(path);
  successor.kill();
  await acts(older);
  await until(() => statSync(path).ino !== ino, 'the socket of the older one', 20_000);
  expect(await listens(path)).toBe(true);
  await until(async () => (await place.workerPids()).length === 1, 'the worker before to end', 20_000);
  expect(await listens(path)).toBe(true);
}, 60_000);
