import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { hasScreen } from '../../src/cli/commands/dashboard.ts';
import type { Io } from '../../src/cli/io.ts';
import { statusSchema } from '../../src/control/schema/status.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { operate } from '../kit/operator.ts';
import { freePorts, startChild, temporaryFolder } from '../kit/process.ts';
import type { Child } from '../kit/process.ts';
import { REPOSITORY } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';
import { cli, fakeIo } from './kit.ts';
import type { Ran, World } from './kit.ts';

let legacy: Upstream;
let candidate: Upstream;
let running: RunningGateway;

beforeAll(async () => {
  legacy = await upstream().json({ total: 10.5 }).start();
  candidate = await upstream().json({ total: '10.50' }).start();
  running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({ rollout: { shadow: { sample: '100%' } } })
    .start();
});

afterAll(async () => {
  await running.stop();
  await Promise.all([legacy.stop(), candidate.stop()]);
});

/** The verb in this process, interrupted once it has printed so many lines. */
async function lines(flags: string, wanted: number, world: World = {}): Promise<Ran> {
  const stop = new AbortController();
  const onOut = (out: string): void => {
    if (out.split('\n').length > wanted) stop.abort();
    else world.onOut?.(out);
  };
  const argv = [
    'dashboard',
    '-c',
    running.configFile,
    '--interval',
    '100ms',
    ...flags.split(' ').filter(Boolean),
  ];
  return await cli(argv, { ...world, signal: stop.signal, onOut });
}

test('without a terminal each change is one line until Ctrl-C', async () => {
  const turn = (): void => void operate(running, 'pause');
  const { exitCode, out, err } = await lines('', 2, { onOut: turn });
  await operate(running, 'resume');
  expect({ exitCode, err }).toEqual({ exitCode: 130, err: '' });
  const [first, second] = out.split('\n');
  expect(first).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ phase=shadow step=- paused=no bypass=off /);
  expect(second).toContain(' paused=yes ');
});

test('a screen is drawn only where there are a terminal and keys, and nobody refused it', () => {
  const keys = { isTTY: true };
  const env = { TERM: 'xterm', CI: 'false' };
  const on = (world: World): Pick<Io, 'out' | 'env'> => fakeIo({ tty: true, ...world }).io;
  expect(hasScreen(on({ env }), {}, keys)).toBe(true);
  expect(hasScreen(on({ env }), { plain: true }, keys)).toBe(false);
  expect(hasScreen(on({ env }), { json: true }, keys)).toBe(false);
  expect(hasScreen(on({ env }), {}, { isTTY: false })).toBe(false);
  expect(hasScreen(on({ env, tty: false }), {}, keys)).toBe(false);
  for (const refusal of [
    { TERM: 'dumb' },
    { CI: 'true' },
    { CONTINUOUS_INTEGRATION: '1' },
    { INK_SCREEN_READER: 'true' },
  ])
    expect(hasScreen(on({ env: { ...env, ...refusal } }), {}, keys)).toBe(false);
});

test('a terminal is told lines with --plain', async () => {
  const { exitCode, out } = await lines('--plain', 1, { tty: true });
  expect(exitCode).toBe(130);
  expect(out).toMatch(/^\d{4}-\d\d-\d\d .* phase=shadow /);
});

test('with --json every reading is one status', async () => {
  const { exitCode, out } = await lines('--json', 2, { tty: true });
  expect(exitCode).toBe(130);
  for (const line of out.trimEnd().split('\n').slice(0, 2)) statusSchema.parse(JSON.parse(line));
});

test('a gateway that is not there is an error with exit code 6', async () => {
  const [port] = await freePorts(1);
  const ran = await cli(['dashboard', '--admin', `127.0.0.1:${port}`]);
  expect(ran).toMatchObject({ exitCode: 6, out: '' });
  expect(ran.err).toMatch(/^error: no gateway answers at .*\n {2}hint: start it: cutover run/);
});

const COLOUR = new RegExp(String.raw`\x1b\[[\d;]*m`);

interface Screen {
  readonly child: Child;
  readonly press: (keys: string) => void;
  /** Of the dashboard itself. */
  readonly pid: () => number;
}

const ON_TERMINAL = `stty cols 120 rows 40
sh -c 'echo "pid $$"; exec "$@"' sh "$@"
echo "ended with $?"
stty -a
`;

/** The real program on a terminal of its own, which \`script\` makes; keys come through a named pipe. */
async function onTerminal(env: Readonly<Record<string, string>> = {}, of = running): Promise<Screen> {
  const { path, remove } = temporaryFolder('cutover-terminal');
  const [file, keys] = [join(path, 'run.sh'), join(path, 'keys')];
  const program = [process.execPath, join(REPOSITORY, 'bin/cutover.js'), 'dashboard', '-c', of.configFile];
  writeFileSync(file, `set -- ${program.map((word) => `'${word}'`).join(' ')}\n${ON_TERMINAL}`);
  const world = {
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    LC_ALL: '',
    LC_CTYPE: '',
    CI: '',
    FORCE_COLOR: '',
  };
  const shell = 'mkfifo "$2" && script -qec "sh $1" /dev/null <> "$2"';
  const child = await startChild('sh', ['-c', shell, 'sh', file, keys], { env: { ...world, ...env } });
  onTestFinished(async () => {
    await child.stop();
    remove();
  });
  const pid = (): number => Number(/pid (\d+)/.exec(child.stdout())?.[1]);
  return { child, pid, press: (text) => writeFileSync(keys, text) };
}

test('on a terminal the rollout is drawn and q gives the terminal back', async () => {
  await fetchOnce(`${running.url}/orders/17`);
  const { child, press } = await onTerminal();
  await until(() => child.stdout().includes('json_type'), 'the classes of differences', 20_000);
  expect(child.stdout()).toContain('\x1b[?1049h');
  expect(child.stdout()).toMatch(/shadow ◌.*canary •.*enforce •/);
  press('q');
  await child.exited;
  const [drawn = '', after = ''] = child.stdout().split('\x1b[?1049l');
  expect(drawn).toContain('╭─');
  expect(after).toContain('\x1b[?25h');
  expect(after).toMatch(/shadow: \w+ \(.*\); epoch \d+, 1 class of differences\r\n/);
  expect(after).toContain('ended with 0');
  expect(after).toMatch(/ icanon .* echo /s);
}, 60_000);

test('on a terminal SIGTERM ends it with 143 and gives the terminal back', async () => {
  const { child, pid } = await onTerminal({ NO_COLOR: '1', LANG: 'C' });
  await until(() => child.stdout().includes('Overview'), 'the first frame', 20_000);
  process.kill(pid(), 'SIGTERM');
  await child.exited;
  const [drawn = '', after = ''] = child.stdout().split('\x1b[?1049l');
  expect(drawn).toContain('shadow [>]');
  expect(drawn).not.toMatch(COLOUR);
  expect(Array.from(drawn).every((char) => char <= '~')).toBe(true);
  expect(after).toContain('ended with 143');
}, 60_000);

test('a gateway that dies is missed on the screen and found again after its restart', async () => {
  const first = await gateway().legacy(legacy).candidate(candidate).start();
  const { child, press } = await onTerminal({}, first);
  await until(() => child.stdout().includes('Overview'), 'the first frame', 20_000);
  first.killAll();
  await until(() => child.stdout().includes('NO ANSWER'), 'the alarm', 20_000);
  press('5');
  await until(() => child.stdout().includes('not followed: '), 'the broken stream', 20_000);
  const from = child.stdout().length;
  const second = await first.restart();
  onTestFinished(() => second.stop());
  await until(() => /, up \d/.test(child.stdout().slice(from)), 'the new gateway', 20_000);
  press('Q');
  expect(await child.exited).toBe(0);
  const kept = child.stdout().split('\x1b[?1049l')[1] ?? '';
  expect(kept).toContain('[5 Events]');
  expect(kept).not.toContain('NO ANSWER');
  expect(kept).toContain('ended with 0');
}, 60_000);
