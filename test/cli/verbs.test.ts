import { afterAll, beforeAll, expect, test } from 'vitest';
import { schemas } from '../../src/cli/schemas.ts';
import { statusSchema } from '../../src/control/schema/status.ts';
import { appliedSchema } from '../../src/control/schema/commands.ts';
import { historySchema } from '../../src/control/schema/history.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';
import { cli } from './kit.ts';
import type { Ran, World } from './kit.ts';

let legacy: Upstream;
let candidate: Upstream;
let running: RunningGateway;

beforeAll(async () => {
  legacy = await upstream().json({ total: 10.5 }).start();
  candidate = await upstream().json({ total: '10.50' }).start();
  const rollout = {
    shadow: { sample: '100%' },
    regional: {
      steps: [
        { region: 'eu', share: '5%' },
        { region: 'eu', share: '100%' },
      ],
    },
  };
  running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({ node: { region: 'eu' }, rollout })
    .start();
});

afterAll(async () => {
  await running.stop();
  await Promise.all([legacy.stop(), candidate.stop()]);
});

const verb = (line: string, world?: World): Promise<Ran> =>
  cli([...line.split(' '), '-c', running.configFile], world);
const position = async (): Promise<string> => {
  const { rollout } = await running.status();
  return `${rollout.phase}/${rollout.step}`;
};

test('status is one object that fits its schema', async () => {
  const { exitCode, out, err } = await verb('status --json');
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  expect(statusSchema.parse(JSON.parse(out)).rollout.phase).toBe('shadow');
});

test('an advance on a terminal wants the name of the phase typed', async () => {
  const wrong = await verb('advance --force --reason reviewed', { answers: ['yes'] });
  expect(wrong).toMatchObject({ exitCode: 5, out: '' });
  expect(wrong.asked[0]).toMatch(
    /from shadow to canary WITHOUT asking the gates.*\nType "canary" to go on: $/,
  );
  expect(wrong.err).toContain('nothing was changed');
  expect(await position()).toBe('shadow/0');
  const right = await verb('advance --force --reason reviewed', { answers: ['canary'] });
  expect(right).toMatchObject({ exitCode: 0, err: '' });
  expect(right.out).toMatch(
    /^advanced from shadow to canary, forced .*\nUndo: cutover rollback --to shadow --reason TEXT\n$/,
  );
  expect(await position()).toBe('canary/0');
});

test('an advance without a terminal is refused unless it is told yes', async () => {
  const refused = await verb('advance --force --reason reviewed --json');
  expect(refused).toMatchObject({ exitCode: 5, out: '', asked: [] });
  expect(JSON.parse(refused.err)).toMatchObject({ error: { code: 'NOT_CONFIRMED', hint: 'add --yes' } });
  expect(await position()).toBe('canary/0');
  const done = await verb('advance --to regional/2 --force --reason reviewed --yes --json');
  expect(done.exitCode).toBe(0);
  schemas.change.parse(JSON.parse(done.out));
  expect(appliedSchema.parse(JSON.parse(done.out)).rollout).toMatchObject({ phase: 'regional', step: 1 });
});

test('a target that cannot be reached is refused before anything is asked', async () => {
  for (const [to, message] of [
    ['regional/3', 'the plan has no regional/3: it has regional/1 to regional/2'],
    ['regional/2', 'regional/2 is not ahead of regional/2, where the rollout stands'],
    ['regional/1', 'regional/1 is not ahead of regional/2, where the rollout stands'],
  ] as const) {
    const ran = await verb(`advance --to ${to} --force --reason x`, { answers: ['regional'] });
    expect(ran).toMatchObject({ exitCode: 2, out: '', asked: [] });
    expect(ran.err).toContain(message);
  }
});

test('regional steps count from one in everything that is said', async () => {
  expect((await verb('status')).out).toMatch(/^Phase +regional\/2, step 2 of 2 /m);
  const back = await verb('rollback --to regional/1 --reason slow');
  expect(back.out).toContain('rolled back from regional/2 to regional/1');
  expect(back.out).toContain('Undo: cutover advance --to regional/2 --force --reason TEXT');
  expect(await position()).toBe('regional/0');
  const asked = await verb('advance', { answers: ['no'] });
  expect(asked.asked[0]).toContain('from regional/1 to regional/2 (step 2 of 2: eu 100%), and the');
  // The gateway's own sentences count from 0: they are translated, once.
  expect((await verb('advance --to enforce --yes')).err).toContain('which is regional/2, not for enforce');
  expect((await verb('rollback --to regional/9 --reason x')).err).toContain(
    'the plan has no regional/9: it has 2 regional steps',
  );
  expect((await verb('history')).out).toContain('regional/2 -> regional/1');
});

test('a forced advance without a reason is a usage error', async () => {
  const { exitCode, err } = await verb('advance --force --yes');
  expect(exitCode).toBe(2);
  expect(err).toContain('hint: cutover advance --force --reason TEXT');
});

test('an advance that the gates do not allow is refused with their reason and exit code', async () => {
  const { exitCode, err } = await verb('advance --yes');
  expect(exitCode).toBe(4);
  expect(err).toContain('no window of this epoch is complete yet');
  expect(err).toContain('hint: wait for it: cutover wait --for ready');
});

test('takes one region back alone and lets it in again, each with its undo', async () => {
  const back = await verb('rollback --region eu --reason slow');
  expect(back.out).toContain('took eu back alone: legacy answers it, the rest of regional/1 stays');
  expect(back.out).toContain('Undo: cutover advance --region eu --force --reason TEXT');
  const [eu] = (JSON.parse((await verb('status --json')).out) as { shares: object[] }).shares;
  expect(eu).toMatchObject({ region: 'eu', desired: 0 });
  expect((await verb('advance --region eu --yes')).exitCode).toBe(5);
  const again = await verb('advance --region eu --force --reason repaired --yes');
  expect(again.out).toContain('gave eu its share of regional/1 again');
  expect((await verb('history')).out).toContain('regional/1: eu alone');
  expect((await verb('rollback --region mars --reason slow')).exitCode).toBe(2);
  expect((await verb('rollback --region eu --to shadow --reason slow')).exitCode).toBe(2);
});

test('a rollback asks nothing, even on a terminal', async () => {
  const { exitCode, asked, out } = await verb('rollback --to shadow --reason orders', { answers: [] });
  expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: [] });
  expect(out).toContain('rolled back from regional/1 to shadow');
  expect(await position()).toBe('shadow/0');
  expect((await verb('rollback --reason again')).exitCode).toBe(5);
});

test('a pause holds the rollout and names its undo', async () => {
  expect((await verb('pause --reason weekend')).out).toContain('Undo: cutover resume\n');
  const held = await verb('advance --force --reason x --yes');
  expect(held.exitCode).toBe(5);
  expect(held.err).toContain('hint: cutover resume');
  const again = await verb('pause --json');
  schemas.change.parse(JSON.parse(again.out));
  expect(await verb('pause')).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/^already paused in shadow: nothing was changed/) as string,
  });
  expect((await verb('resume')).out).toContain('resumed in shadow');
  const twice = await verb('resume');
  expect(twice).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/^not paused in shadow: nothing was changed/) as string,
  });
  expect(twice.out).not.toContain('Undo');
});

test('the kill switch is thrown at once and lifted after a confirmation', async () => {
  const thrown = await verb('bypass --reason fire', { answers: [] });
  expect(thrown).toMatchObject({ exitCode: 0, asked: [] });
  expect(thrown.out).toContain('Undo: cutover bypass --off\n');
  expect((await running.status()).rollout.bypass).toBe(true);
  expect((await verb('bypass')).out).toMatch(
    /^the kill switch is on already, legacy answers everything.*: nothing was changed/,
  );
  expect((await verb('bypass --off')).exitCode).toBe(5);
  const lifted = await verb('bypass --off', { answers: ['shadow'] });
  expect(lifted.exitCode).toBe(0);
  // In shadow the candidate answers nobody, so there is nothing to be warned about.
  expect(lifted.asked[0]).toContain('legacy goes on answering everything');
  expect(lifted.asked[0]).not.toContain('candidate');
  expect((await running.status()).rollout.bypass).toBe(false);
  const again = await verb('bypass --off', { answers: [] });
  expect(again).toMatchObject({ exitCode: 0, asked: [] });
  expect(again.out).toBe('the kill switch is off already: nothing was changed\n');
  const json = await verb('bypass --off --json');
  expect(schemas.change.parse(JSON.parse(json.out))).toMatchObject({ changed: false });
});

test('history names who did what and why, and fits its schema', async () => {
  const { exitCode, out } = await verb('history --json');
  const { entries, intact } = historySchema.parse(JSON.parse(out));
  expect({ exitCode, intact }).toEqual({ exitCode: 0, intact: true });
  const advance = entries.find((entry) => entry.verb === 'advance');
  expect(advance).toMatchObject({ reason: 'reviewed', forced: true });
  expect(advance?.who).toMatch(/^ada\b/);
  const short = await verb('history --limit 2');
  expect(short.out).toContain(`the newest 2 of ${entries.length} entries (--limit)`);
});

test('differences lead to one class with a curl per lane', async () => {
  await fetchOnce(`${running.url}/orders/17`);
  const id = await until(async () => {
    const { out } = await verb('differences --json');
    return (JSON.parse(out) as { classes: { id: string }[] }).classes[0]?.id;
  }, 'a class of differences');
  expect((await verb('differences')).out).toMatch(
    /json_type +GET \/orders\/\{id\} +\/total +10\.5 -> "10\.50"/,
  );
  const { exitCode, out } = await verb(`differences show ${id}`);
  expect(exitCode).toBe(0);
  expect(out).toContain(`${legacy.url}/orders/17`);
  expect(out).toContain(`${candidate.url}/orders/17`);
  const json = await verb(`differences show ${id} --json`);
  expect(schemas.difference.parse(JSON.parse(json.out)).class.id).toBe(id);
  schemas.differences.parse(JSON.parse((await verb('differences --json')).out));
  expect(await verb('differences show 0000000000000000')).toMatchObject({ exitCode: 2, out: '' });
});

test('a reload takes a good file and refuses a broken one', async () => {
  running.rewrite({ explainHeaders: true });
  expect(await verb('reload')).toMatchObject({ exitCode: 0, err: '' });
  schemas.change.parse(JSON.parse((await verb('reload --json')).out));
  running.rewrite({ rollout: { shadow: { sample: 'lots' } } });
  const gate = running.adminUrl.replace('http://', '');
  const runDir = `${running.folder}/run`;
  const broken = await cli(['reload', '--admin', gate, '--run-dir', runDir]);
  expect(broken.exitCode).toBe(2);
  expect(broken.err).toContain('rollout.shadow.sample');
  expect((await verb('reload')).err).toContain('rollout.shadow.sample');
  // The way back does not need the file either.
  expect((await cli(['bypass', '--admin', gate, '--run-dir', runDir])).exitCode).toBe(0);
  expect((await cli(['bypass', '--off', '--yes', '--admin', gate, '--run-dir', runDir])).exitCode).toBe(0);
  running.rewrite({ rollout: { shadow: { sample: '100%' } } });
});

test('a watch prints one line for each change and ends with Ctrl-C', async () => {
  const interrupt = new AbortController();
  let printed = '';
  const watching = verb('status -w --interval 100ms', {
    signal: interrupt.signal,
    onOut: (out) => (printed = out),
  });
  await until(() => printed.includes('paused=no'), 'the first line');
  await verb('pause');
  await until(() => printed.includes('paused=yes'), 'the line of the change');
  interrupt.abort();
  const { exitCode, err } = await watching;
  await verb('resume');
  expect({ exitCode, err }).toEqual({ exitCode: 130, err: '' });
  const lines = printed.trimEnd().split('\n');
  expect(new Set(lines.map((line) => line.slice(21))).size).toBe(lines.length);
});

test('a watch with JSON prints one object on each line', async () => {
  const interrupt = new AbortController();
  const { exitCode, out } = await verb('status -w --json --interval 100ms', {
    signal: interrupt.signal,
    onOut: (printed) => printed.split('\n').length > 3 && interrupt.abort(),
  });
  expect(exitCode).toBe(130);
  const lines = out.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThanOrEqual(3);
  for (const line of lines) statusSchema.parse(JSON.parse(line));
});

test('a watch on a terminal draws over its own frame and never more than the screen', async () => {
  const interrupt = new AbortController();
  const { out } = await verb('status -w --interval 100ms', {
    tty: true,
    rows: 12,
    signal: interrupt.signal,
    onOut: (printed) => printed.split('\x1b[?7h').length > 2 && interrupt.abort(),
  });
  const [first = '', second = ''] = out.split('\x1b[?7h');
  expect(first.split('\n')).toHaveLength(12);
  expect(first).toContain('more lines: make the terminal higher');
  expect(second).toContain('\x1b[11A');
});
