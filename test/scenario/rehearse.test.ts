import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { rehearsalSchema } from '../../src/scenario/result-schema.ts';
import type { RehearsalResult } from '../../src/scenario/result-schema.ts';
import { startChild } from '../kit/process.ts';
import type { Child } from '../kit/process.ts';
import { REPOSITORY } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';

const CUTOVER = join(REPOSITORY, 'bin/cutover.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-rehearse-test-'));
  mkdirSync(join(folder, 'tmp'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const answers = [{ path: '/orders/{id}', json: { id: '{id}', total: 10.5 } }];

const SCENARIO = {
  version: 1,
  name: 'small',
  seed: 7,
  config: {
    legacy: { servers: ['${legacy}'] },
    candidate: { servers: ['${candidate}'] },
    rollout: { window: '1s', shadow: { sample: '100%' } },
  },
  upstreams: { legacy: { answers }, candidate: { answers } },
  traffic: [{ rate: '100/s', mix: [{ path: '/orders/{1..20}' }] }],
  settle: '500ms',
  expect: [{ name: 'no client was without an answer', path: '/client/errors', value: 0 }],
};

/** Starts a rehearsal whose temporary folder is the test's own, so that nothing left behind is missed. */
async function start(scenario: object, ...flags: string[]): Promise<Child> {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, stringify(scenario));
  return await startChild(process.execPath, [CUTOVER, 'rehearse', file, ...flags], {
    cwd: folder,
    env: { TMPDIR: join(folder, 'tmp') },
  });
}

async function end(child: Child): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const code = await child.exited;
  await child.stop();
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

async function resultOf(scenario: object, ...flags: string[]): Promise<RehearsalResult> {
  const { stdout } = await end(await start(scenario, '--json', ...flags));
  return rehearsalSchema.parse(JSON.parse(stdout));
}

const left = (): string[] => readdirSync(join(folder, 'tmp'));

/** The first address that the gateway of a running rehearsal serves on. */
async function served(child: Child): Promise<number> {
  const said = await until(
    () => /serves on http:\/\/127\.0\.0\.1:(\d+)/.exec(child.stdout()),
    'the gateway',
    25_000,
  );
  return Number(said[1]);
}

async function refuses(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

test('a rehearsal leads the real product through its actions and leaves nothing behind', async () => {
  const scenario = {
    ...SCENARIO,
    actions: [
      { configure: { rollout: { shadow: { sample: '50%' } } }, run: 'reload' },
      { run: 'advance --force --reason "a test" --yes' },
      { run: 'advance --force', exit: 2 },
      { until: { path: '/rollout/phase', value: 'canary' } },
    ],
    expect: [
      ...SCENARIO.expect,
      { name: 'it is in canary', path: '/phases', value: ['shadow', 'canary'] },
      {
        name: 'the configuration was taken',
        path: '/history/entries',
        op: 'contains',
        value: { verb: 'reload' },
      },
      {
        name: 'the actions are told',
        path: '/exits/1/output',
        op: 'contains',
        value: 'advanced from shadow',
      },
    ],
  };
  const { code, stdout, stderr } = await end(await start(scenario, '--json'));
  const result = rehearsalSchema.parse(JSON.parse(stdout));
  expect({ code, failed: result.expectations.filter(({ ok }) => !ok) }).toEqual({ code: 0, failed: [] });
  expect(stdout.trimEnd()).not.toContain('\n');
  expect(stderr).toContain('phase: shadow -> canary');
  expect(result).toMatchObject({
    scenario: 'small',
    seed: 7,
    ok: true,
    legacy: 'embedded',
    ended: 'actions',
  });
  expect(result.exits.map((exit) => exit.code)).toEqual([0, 0, 2, 0]);
  expect(result.upstreams['legacy']?.requests).toBeGreaterThan(50);
  expect(left()).toEqual([]);
}, 60_000);

test('a promise that does not hold is exit 3 and says what was there', async () => {
  const scenario = {
    ...SCENARIO,
    traffic: [{ ...SCENARIO.traffic[0], for: '500ms' }],
    expect: [...SCENARIO.expect, { name: 'it is in canary', path: '/status/rollout/phase', value: 'canary' }],
  };
  const { code, stdout } = await end(await start(scenario));
  expect(code).toBe(3);
  expect(stdout).toContain('FAIL  it is in canary: /status/rollout/phase eq "canary", and it is "shadow"');
  expect(stdout).toContain('FAILED: 1 of 2 promises');
}, 60_000);

test('an exit code that is not the expected one fails the rehearsal', async () => {
  const result = await resultOf({ ...SCENARIO, actions: [{ run: 'status', exit: 4 }] });
  expect(result).toMatchObject({ ok: false, exits: [{ run: 'status', expected: 4, code: 0, ok: false }] });
}, 60_000);

test('the same seed gives the same requests and faults, and another one does not', async () => {
  const scenario = {
    ...SCENARIO,
    traffic: [{ rate: '200/s', for: '1s', users: 20, mix: [{ path: '/orders/{1..20}' }] }],
    faults: [{ target: 'legacy', kind: 'error', share: '20%' }],
  };
  const statuses = [await resultOf(scenario), await resultOf(scenario)].map(({ client }) => client.statuses);
  expect(statuses[0]).toEqual(statuses[1]);
  expect(statuses[0]?.['500']).toBeGreaterThan(20);
  const other = await resultOf(scenario, '--seed', '8');
  expect(other.seed).toBe(8);
  expect(other.client.requests).toBe(200);
  expect(other.client.statuses).not.toEqual(statuses[0]);
}, 60_000);

test('a rehearsal that takes longer than its limit is cut and fails', async () => {
  const scenario = {
    ...SCENARIO,
    limit: '1500ms',
    actions: [{ run: 'status --watch', exit: 130 }, { run: 'status' }],
  };
  const result = await resultOf(scenario);
  expect(result).toMatchObject({ ok: false, ended: 'limit' });
  expect(result.exits.map(({ code, ok }) => [code, ok])).toEqual([
    [null, false],
    [null, false],
  ]);
  const endless = { ...SCENARIO, traffic: [{ ...SCENARIO.traffic[0], for: '1h' }], limit: '1s' };
  const cut = await resultOf(endless);
  expect([cut.ended, cut.ok, cut.expectations.map(({ ok }) => ok)]).toEqual(['limit', false, [true]]);
  expect(left()).toEqual([]);
}, 60_000);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s ends everything that was started and removes the folder',
  async (signal, code) => {
    const child = await start({ ...SCENARIO, actions: [{ run: 'status --watch' }] });
    const port = await served(child);
    child.signal(signal);
    expect((await end(child)).code).toBe(code);
    expect([await refuses(port), left()]).toEqual([true, []]);
  },
  60_000,
);

test('a gateway that dies ends the rehearsal with the end of its log', async () => {
  const child = await start({ ...SCENARIO, actions: [{ run: 'status --watch' }] });
  const port = await served(child);
  const [name = ''] = left();
  const record = readFileSync(join(folder, 'tmp', name, 'run/supervisor.json'), 'utf8');
  process.kill((JSON.parse(record) as { pid: number }).pid, 'SIGKILL');
  const { code, stderr } = await end(child);
  expect(code).toBe(1);
  expect(stderr).toContain('error: the gateway of the rehearsal ended (SIGKILL)');
  expect([await refuses(port), left()]).toEqual([true, []]);
}, 60_000);

test('with keep the folder of the run stays and is told', async () => {
  const result = await resultOf({ ...SCENARIO, actions: [{ run: 'status' }] }, '--keep');
  const [name = ''] = left();
  expect(result.folder).toBe(join(folder, 'tmp', name));
  expect(readdirSync(result.folder ?? '')).toEqual(
    expect.arrayContaining(['cutover.yaml', 'cutover.db', 'run']),
  );
}, 60_000);

test('a bad scenario is exit 2 with every problem, its place and a caret', async () => {
  const { code, stdout, stderr } = await end(await start({ ...SCENARIO, sead: 1, settle: 'soon' }));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/error: unknown key "sead"\n {2}--> .*scenario\.yaml:\d+:1 \(sead\)\n.*\n.*\^{4}\n/);
  expect(stderr).toContain('error: expected a duration');
  expect(stderr).toContain('2 errors in ');
  expect(left()).toEqual([]);
});

test('an upstream that is nothing without NGINX is an environment error where there is none', async () => {
  writeFileSync(join(folder, 'legacy.conf'), 'events {}\n');
  const file = join(folder, 'scenario.yaml');
  const upstreams = { ...SCENARIO.upstreams, legacy: { nginx: './legacy.conf' } };
  writeFileSync(file, stringify({ ...SCENARIO, upstreams, actions: [{ run: 'status' }] }));
  const child = await startChild(process.execPath, [CUTOVER, 'rehearse', file, '--json'], {
    env: { CUTOVER_NGINX: '', TMPDIR: join(folder, 'tmp') },
  });
  const { code, stdout, stderr } = await end(child);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'NO_NGINX',
      message: 'the upstream legacy is a real NGINX, and there is none here',
      hint: 'install it: apt-get install nginx, or give the upstream answers, too',
    },
  });
});
