import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema } from '../../src/report/schema.ts';
import { gateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import { inputSample } from '../report/report-sample.ts';
import { startAdminStub } from './admin-stub.ts';
import type { AdminStub } from './admin-stub.ts';
import { cli } from './kit.ts';

let admin: AdminStub;
beforeAll(async () => {
  admin = await startAdminStub();
  Object.assign(admin.answers, {
    status: inputSample.status,
    differences: inputSample.differences,
    detail: inputSample.example,
    history: inputSample.history,
  });
});
afterAll(() => admin.stop());

const at = (name: string): string => join(admin.folder, name);

test('a report without a format is Markdown on stdout', async () => {
  const { exitCode, out, err } = await admin.verb('report');
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  expect(out).toContain('**◌ GATE HOLD**');
  expect(out).toContain('curl -si -X GET http://127.0.0.1:8081/orders/17');
});

test('a report as JSON fits its schema, by either flag', async () => {
  for (const flag of ['--json', '--format json']) {
    const { exitCode, out, err } = await admin.verb(`report ${flag}`);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(reportSchema.parse(JSON.parse(out)).example?.class.id).toBe('0123456789abcdef');
  }
});

test('formats and outputs pair up in their order', async () => {
  const [json, md] = [at('a.json'), at('a.md')];
  writeFileSync(md, 'old');
  const ran = await admin.verb(`report --format json -o ${json} --format md -o ${md}`);
  expect(ran).toMatchObject({ exitCode: 0, out: '', err: `wrote ${json}\nwrote ${md}\n` });
  reportSchema.parse(JSON.parse(readFileSync(json, 'utf8')));
  expect(readFileSync(md, 'utf8')).toMatch(/^<!-- cutover-report -->\n# Cutover report\n/);
});

test('one format goes to a file while the other one goes to stdout', async () => {
  const file = at('b.json');
  const { exitCode, out } = await admin.verb(`report --format md -o - --format json -o ${file}`);
  expect(exitCode).toBe(0);
  expect(out).toContain('# Cutover report');
  expect(existsSync(file)).toBe(true);
  expect((await admin.verb(`report -o ${at('c.md')}`)).out).toBe('');
  expect(readFileSync(at('c.md'), 'utf8')).toBe(out);
});

test('the ending of an output is its format where none is given', async () => {
  const [json, md] = [at('d.json'), at('d.md')];
  expect(await admin.verb(`report -o ${json} -o ${md}`)).toMatchObject({ exitCode: 0, out: '' });
  reportSchema.parse(JSON.parse(readFileSync(json, 'utf8')));
  expect(readFileSync(md, 'utf8')).toContain('# Cutover report');
  expect((await admin.verb(`report --json -o ${md}`)).exitCode).toBe(0);
  reportSchema.parse(JSON.parse(readFileSync(md, 'utf8')));
});

test.each([
  ['report --format md --format json', 'only one format may go to stdout'],
  ['report --format md -o a.md -o b.md', '2 outputs for 1 format'],
  ['report --format pdf', "argument 'pdf' is invalid. Allowed: md, json."],
])('%s is a usage error before anything is asked', async (line, message) => {
  const before = admin.asked.length;
  const { exitCode, out, err } = await admin.verb(line);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  expect(err).toContain(message);
  expect(admin.asked.length).toBe(before);
});

test('a file that cannot be written ends with 1 and says why', async () => {
  const { exitCode, err } = await admin.verb(`report -o ${at('missing/a.md')}`);
  expect(exitCode).toBe(1);
  expect(err).toMatch(
    /^error: .*missing\/a\.md cannot be written: ENOENT.*\n {2}hint: its folder must exist/,
  );
});

test('a report without a gateway ends with 6, and without its token too', async () => {
  const words = ['report', '--admin', '127.0.0.1:1', '--json', '--run-dir'];
  expect(await cli([...words, admin.folder])).toMatchObject({ exitCode: 6, out: '' });
  expect(await cli([...words, at('nothing')])).toMatchObject({ exitCode: 6, out: '' });
});

test('a report that is interrupted ends with 130 and writes nothing', async () => {
  const names = readdirSync(admin.folder);
  const ran = await admin.verb(`report -o ${at('never.md')}`, { signal: AbortSignal.abort() });
  expect(ran).toMatchObject({ exitCode: 130, out: '' });
  expect(readdirSync(admin.folder)).toEqual(names);
});

test('a running gateway reports what it measured, and gate, plan and wait agree with it', async () => {
  const legacy = await upstream().json({ total: 10.5 }).start();
  const candidate = await upstream().json({ total: '10.50' }).start();
  const rollout = { shadow: { sample: '100%' } };
  const running = await gateway().legacy(legacy).candidate(candidate).config({ rollout }).start();
  try {
    await fetchOnce(`${running.url}/orders/17`);
    await until(async () => (await running.status()).classes > 0, 'a class of differences');
    const verb = (line: string) => cli([...line.split(' '), '-c', running.configFile]);
    const { exitCode, out } = await verb('report --json');
    const made = reportSchema.parse(JSON.parse(out));
    expect({ exitCode, total: made.classesTotal }).toEqual({ exitCode: 0, total: 1 });
    expect(made.example?.reproduce?.legacy).toContain(`${legacy.url}/orders/17`);
    expect(made.gate).toMatchObject({ phase: 'shadow', epoch: made.meta.epoch });
    expect((await verb('report')).out).toContain('json_type at `/total`');
    expect((await verb('plan')).out).toMatch(/^shadow -> canary\n/);
    expect((await verb('gate')).exitCode).not.toBe(0);
    expect((await verb('wait --for phase=shadow')).exitCode).toBe(0);
  } finally {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  }
});
