import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { replayGateSchema } from '../../src/report/replay-gate-schema.ts';
import { replayReportSchema } from '../../src/report/replay-schema.ts';
import type { ReplayReport } from '../../src/report/replay-schema.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream, UpstreamBuilder } from '../kit/upstream.ts';
import { until } from '../kit/until.ts';
import { expectExact, scratch, started } from '../replay/engine-kit.ts';
import { get, gorText, logText } from '../replay/kit.ts';
import { cli } from './kit.ts';
import type { World } from './kit.ts';

const items = Array.from({ length: 200 }, (_, at) => get(`/items/${at}`, [['Cookie', `sid=${at % 20}`]]));
const same = () => upstream().respond(({ target }) => ({ body: { target } }));
const wrong = (share: number) =>
  upstream().respond(({ target }) => ({
    body: { target: Number(target.split('/').at(-1)) % share === 0 ? 'x' : target },
  }));

interface Lanes {
  readonly legacy: Upstream;
  readonly candidate: Upstream;
}

async function lanes(candidate: UpstreamBuilder, legacy = same()): Promise<Lanes> {
  return { legacy: await started(legacy), candidate: await started(candidate) };
}

/** Runs `replay` with the report beside the capture. */
async function replay(
  file: string,
  { legacy, candidate }: Lanes,
  flags: readonly string[] = [],
  world: World = {},
) {
  const report = join(dirname(file), `report-${flags.includes('--resume') ? 'resumed' : 'first'}.json`);
  const words = [
    'replay',
    file,
    '--legacy',
    legacy.url,
    '--candidate',
    candidate.url,
    '--speed',
    'max',
    '-o',
    report,
  ];
  return { ...(await cli([...words, ...flags], world)), report };
}

function read(file: string): ReplayReport {
  const report = replayReportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  expectExact(report.counts);
  return report;
}

test('a replay writes its report, and gate says 0 where nothing differs', async () => {
  const ran = await replay(scratch('a.gor', gorText(items)), await lanes(same()));
  expect([ran.exitCode, ran.out]).toEqual([0, '']);
  expect(ran.err).toContain(`wrote ${ran.report}`);
  expect(read(ran.report)).toMatchObject({ complete: true, coverage: 1, counts: { sent: 200 } });
  const gate = await cli(['gate', '--report', ran.report]);
  expect([gate.exitCode, gate.out]).toEqual([
    0,
    expect.stringMatching(/^READY {2}no rule is hit\ncensus of 200 requests, fixed horizon/),
  ]);
});

test('gate says 3 for a difference, by whichever rule sees it, and 0 against a baseline that has it', async () => {
  const { report } = await replay(scratch('a.gor', gorText(items)), await lanes(wrong(100)));
  const gate = async (...flags: string[]) => (await cli(['gate', '--report', report, ...flags])).exitCode;
  expect(await gate()).toBe(3);
  expect(await gate('--fail-on', 'status')).toBe(0);
  expect(await gate('--fail-on', 'rate>1%')).toBe(0);
  expect(await gate('--fail-on', 'rate>0.99%')).toBe(3);
  expect(await gate('--baseline', report)).toBe(0);
  const { out } = await cli(['gate', '--report', report, '--json']);
  expect(replayGateSchema.parse(JSON.parse(out))).toMatchObject({
    verdict: 'abort',
    exitCode: 3,
    pairs: 200,
  });
});

test('gate says 3 for a dead candidate and 4 for a dead legacy', async () => {
  const file = scratch('a.gor', gorText(items));
  const dead = await replay(file, await lanes(upstream().refuses()));
  expect((await cli(['gate', '--report', dead.report, '--fail-on', 'status'])).exitCode).toBe(3);
  const blind = await replay(file, await lanes(same(), upstream().refuses()));
  const gate = await cli(['gate', '--report', blind.report]);
  expect([gate.exitCode, gate.out]).toEqual([
    4,
    expect.stringMatching(/^HOLD {2}pair coverage 0\.00% is below 99\.00%/),
  ]);
});

test('gate says 2 for a bad rule, a file that is no report, and rules without a report', async () => {
  const file = scratch('a.json', '{"schemaVersion":1}');
  const bad = async (...words: string[]) => {
    const { exitCode, err } = await cli(['gate', ...words]);
    expect(exitCode).toBe(2);
    return err;
  };
  expect(await bad('--report', file, '--fail-on', 'rate>x')).toMatch(
    /"rate>x" is no rule[^]*hint: for example/,
  );
  expect(await bad('--report', file)).toMatch(/is not the JSON report of a replay/);
  expect(await bad('--report', `${file}.gone`)).toMatch(/cannot be read/);
  expect(await bad('--fail-on', 'status')).toMatch(/none is named/);
});

test('the same replay twice gives the same bytes apart from times', async () => {
  const file = scratch('a.gor', gorText(items));
  const pair = await lanes(wrong(7));
  const texts = await Promise.all(
    [0, 1].map(async () => {
      const { exitCode, out } = await cli([
        'replay',
        file,
        '--legacy',
        pair.legacy.url,
        '--candidate',
        pair.candidate.url,
        '--speed',
        'max',
        '--json',
        '--seed',
        '3',
      ]);
      expect(exitCode).toBe(0);
      const { times, ...rest } = JSON.parse(out) as ReplayReport;
      expect(times.elapsedMs).toBeGreaterThan(0);
      return JSON.stringify(rest);
    }),
  );
  expect(texts[0]).toBe(texts[1]);
  expect(texts[0]).toContain('"differing":29');
});

test('a replay that is interrupted leaves a valid report and goes on where it was', async () => {
  const file = scratch('a.gor', gorText(items));
  const pair = await lanes(wrong(7).slow(5));
  const stop = new AbortController();
  const running = replay(file, pair, ['--concurrency', '2'], { signal: stop.signal });
  await until(() => pair.candidate.count() >= 20, 'some requests');
  stop.abort();
  const first = await running;
  expect([first.exitCode, first.err]).toEqual([
    130,
    expect.stringMatching(/repeat the command with --resume \S+\.resume/),
  ]);
  const partial = read(first.report);
  expect(partial.complete).toBe(false);
  expect((await cli(['gate', '--report', first.report, '--fail-on', 'status'])).exitCode).toBe(4);
  const resume = `${first.report}.resume`;
  const other = await cli([
    'replay',
    file,
    '--legacy',
    pair.candidate.url,
    '--candidate',
    pair.candidate.url,
    '--resume',
    resume,
  ]);
  expect([other.exitCode, other.err]).toEqual([2, expect.stringContaining('legacy changed')]);
  const second = await replay(file, pair, ['--resume', resume]);
  expect(second.exitCode).toBe(0);
  const whole = read(second.report);
  expect(whole).toMatchObject({
    complete: true,
    coverage: 1,
    counts: { sent: 200, judged: 200, differing: 29 },
  });
  expect(pair.candidate.count()).toBe(200);
}, 30_000);

test('a resume file of another capture, and one that is none, are refused', async () => {
  const file = scratch('a.gor', gorText(items));
  const pair = await lanes(same());
  const none = await replay(file, pair, ['--resume', file]);
  expect([none.exitCode, none.err]).toEqual([
    2,
    expect.stringContaining('was not written by an interrupted replay'),
  ]);
});

test('a log is replayed for its safe methods, and the rest is counted by kind', async () => {
  const requests = [...items, { ...get('/orders'), method: 'POST' }];
  const file = scratch(
    'access.log',
    `${logText(requests)}# a comment\nbroken\n1.2.3.4 - - [24/Nov/2026:10:00:00 +0000] "-" 400 0\n`,
  );
  const { report } = await replay(file, await lanes(same()));
  expect(read(report)).toMatchObject({
    capture: { format: 'log', others: 1 },
    counts: { read: 203, sent: 200, skipped: { method: 1, corrupt: 1, no_request: 1 } },
  });
  const written = await replay(file, await lanes(same()), ['--writes']);
  expect(read(written.report).counts.skipped).toMatchObject({ method: 0, body_unknown: 1 });
});

test('a report of a replay is written as Markdown, at once or later', async () => {
  const file = scratch('a.gor', gorText(items));
  const ran = await replay(file, await lanes(wrong(10)), ['-o', `${file}.md`]);
  const text = readFileSync(`${file}.md`, 'utf8');
  expect(text).toContain('**20 of 200 pairs differ** (10.00%)');
  expect((await cli(['report', '--replay', ran.report])).out).toBe(text);
});

test('progress is told on stderr, on a terminal in one line that ends at 100 %', async () => {
  const file = scratch('a.gor', gorText(items));
  const pair = await lanes(same().slow(60));
  const plain = await replay(file, pair, ['--concurrency', '8']);
  expect(plain.err).toMatch(/\d+ sent, 0 differ {2}\[#+-*\] +\d+% .*\/s/);
  const live = await replay(file, pair, ['--concurrency', '8'], { tty: true });
  const [, ...shown] = live.err.split('\r\u001b[2K');
  expect(shown[0]).toMatch(/^\d+ sent, .*\/s/);
  expect(shown[0]).not.toContain('100%');
  expect(shown.at(-1)).toMatch(/^200 sent, 0 differ {2}\[#{20}\] 100% {2}[\d.,]+\/s\n/);
  expect(plain.err).not.toContain('\r');
}, 60_000);

test('the last line on stderr sums up what was sent, compared and lost, however short it was', async () => {
  const file = scratch('a.gor', gorText(items.slice(0, 12)));
  const ran = await replay(file, await lanes(same()));
  expect(ran.err.trimEnd().split('\n').at(-1)).toMatch(/^12 sent, 12 compared, 0 lost in [\d.]+ s$/);
  const dead = await replay(file, await lanes(same(), upstream().refuses()));
  expect(dead.err.trimEnd().split('\n').at(-1)).toMatch(/^12 sent, 0 compared, 12 lost in [\d.]+ s$/);
});

test.each([
  [['--legacy', 'nonsense'], '--legacy: expected the URL of a server'],
  [['--legacy', 'http://127.0.0.1:1', '-c', 'gone.yaml'], 'gone.yaml'],
  [['--rate', '10', '--speed', '2x'], 'cannot be used with'],
  [['--speed', 'fast'], 'Write 2x'],
  [
    ['--legacy', 'http://127.0.0.1:1', '--candidate', 'http://127.0.0.1:2', '--session', 'cookie:'],
    'allowed: auto',
  ],
  [['--concurrency', '9999'], 'A number from 1 to 256'],
])('a replay with bad flags says what is wrong: %j', async (flags, message) => {
  const { exitCode, err } = await cli(['replay', scratch('a.gor', gorText(items)), ...flags]);
  expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
});

test('a place where no report can stand is told before anything is sent', async () => {
  const pair = await lanes(same());
  const file = scratch('a.gor', gorText(items));
  const { exitCode, err } = await replay(file, pair, ['-o', join(dirname(file), 'gone/report.md')]);
  expect([exitCode, err, pair.legacy.count()]).toEqual([
    1,
    expect.stringContaining('gone/report.md cannot be written'),
    0,
  ]);
});

test('a report that somebody wrote by hand drives no terminal', async () => {
  const { report } = await replay(scratch('a.gor', gorText(items)), await lanes(same()));
  const forged = { ...read(report), label: 'a\u001b[2Jb' };
  const { out } = await cli(['gate', '--report', scratch('forged.json', JSON.stringify(forged))]);
  expect(out).toContain('a\\x1b[2Jb');
});

test('a capture that is not there is told, and no file is left behind', async () => {
  const { exitCode, err } = await cli([
    'replay',
    'gone.gor',
    '--legacy',
    'http://127.0.0.1:1',
    '--candidate',
    'http://127.0.0.1:2',
    '-o',
    'never.json',
  ]);
  expect([exitCode, err, existsSync('never.json')]).toEqual([
    2,
    expect.stringContaining('gone.gor cannot be read'),
    false,
  ]);
});

test('rules of the configuration hide what people said may differ, and the report counts it', async () => {
  const file = scratch('a.gor', gorText(items));
  const config = scratch(
    'cutover.yaml',
    [
      'listen: [{ address: 127.0.0.1:8080 }]',
      'legacy: { servers: [http://127.0.0.1:8081] }',
      'candidate:',
      '  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }',
      "  routes: [{ name: all, upstream: shop, endpoints: ['/items/{item}'] }]",
      'differences:',
      '  rules:',
      '    - { path: body/target, ignore: true, reason: the candidate numbers anew }',
      '    - { path: body/gone, ignore: true, reason: it is there no more }',
      '',
    ].join('\n'),
  );
  const pair = await lanes(wrong(10));
  const { report, exitCode, err } = await replay(file, pair, ['-c', config]);
  expect([exitCode, err]).toEqual([0, expect.anything()]);
  const made = read(report);
  expect(made).toMatchObject({ counts: { differing: 0, ignored: 20, judged: 200 }, classes: [] });
  expect(made.endpoints.map(({ endpoint }) => endpoint)).toEqual(['GET /items/{item}']);
  expect(made.rules.map(({ path, hidden }) => [path, hidden])).toEqual([
    ['body/target', 20],
    ['body/gone', 0],
  ]);
  expect((await cli(['report', '--replay', report])).out).toContain(
    '20 pairs differ in nothing but what rules hide',
  );
  expect(read((await replay(file, pair)).report).counts.differing).toBe(20);
});
