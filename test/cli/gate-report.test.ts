import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../kit/process.ts';
import { reportWith } from '../report/report-sample.ts';
import { cli } from './kit.ts';

/** A file with the report of the sample, or with what somebody made of it. */
function reportFile(change: (report: Record<string, unknown>) => void = () => undefined): string {
  const { path, remove } = temporaryFolder('cutover-gate-report');
  onTestFinished(remove);
  const report = structuredClone(reportWith()) as unknown as Record<string, unknown>;
  change(report);
  const file = join(path, 'report.json');
  writeFileSync(file, JSON.stringify(report));
  return file;
}

async function refused(...words: string[]): Promise<{ exitCode: number; err: string }> {
  const { exitCode, out, err } = await cli(['gate', ...words]);
  expect(out).toBe('');
  return { exitCode, err };
}

test.each([
  ['--fail-on', 'status'],
  ['--baseline', 'main.json'],
])('%s on the report of a running gateway is a usage error that says why', async (flag, value) => {
  const { exitCode, err } = await refused('--report', reportFile(), flag, value);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/this one is of a running gateway[^]*hint: leave them out/);
});

test('a report of another schema version names the build that wrote it', async () => {
  const file = reportFile((report) => (report['schemaVersion'] = 2));
  const { exitCode, err } = await refused('--report', file);
  expect(exitCode).toBe(2);
  expect(err).toMatch(
    /written by build 0\.1\.0 with another schemaVersion than 1[^]*hint: judge it with the build/,
  );
});

test('a report from before reports carried evidence says how to make one that does', async () => {
  const { exitCode, err } = await refused(
    '--report',
    reportFile((report) => delete report['gateInput']),
  );
  expect(exitCode).toBe(2);
  expect(err).toMatch(/do not carry what their verdict was made of[^]*cutover report --format json/);
});

test('a report that this build cannot read says where, and obeys no terminal', async () => {
  const file = reportFile((report) => {
    report['meta'] = { ...(report['meta'] as object), build: 'x\u001b[31m' };
    report['later'] = true;
  });
  const { exitCode, err } = await refused('--report', file);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/build x\\x1b\[31m, and this build cannot read it/);
});

test('a report that is nested without an end is refused, and no defect', async () => {
  const file = reportFile();
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const text = JSON.stringify(reportWith()).replace('"gateInput":{', `"gateInput":{"later":${deep},`);
  writeFileSync(file, text);
  const { exitCode, err } = await refused('--report', file);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/^error: /);
});

test('a report whose verdict does not come out of its counts ends with 7', async () => {
  const { exitCode, err } = await refused('--report', reportFile());
  expect(exitCode).toBe(7);
  expect(err).toMatch(/counts of the report are not those of its verdict[^]*hint: it was changed/);
});

test('what is no report at all is a usage error', async () => {
  for (const text of ['null', '[]', '7', '{"meta":null}', '{']) {
    const file = reportFile();
    writeFileSync(file, text);
    expect(await refused('--report', file)).toMatchObject({ exitCode: 2 });
  }
});
