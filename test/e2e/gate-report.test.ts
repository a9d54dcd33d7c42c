import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { History } from '../../src/control/schema/history.ts';
import type { Proof } from '../../src/control/schema/proof.ts';
import { VERDICT_EXITS } from '../../src/cli/exit-codes.ts';
import type { Measured } from '../../src/control/schema/gate-input.ts';
import type { Status } from '../../src/control/schema/status.ts';
import type { Report } from '../../src/report/schema.ts';
import { startAdminStub } from '../cli/admin-stub.ts';
import { cli } from '../cli/kit.ts';
import { cutover, gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { load } from '../kit/load.ts';
import { upstream } from '../kit/upstream.ts';
import type { UpstreamBuilder } from '../kit/upstream.ts';
import { until } from '../kit/until.ts';

/** A gateway is started, shown traffic and asked by the command line, on a machine that may be busy. */
const TEST_MS = 120_000;

const SECRET = 'canary-value-that-nobody-shall-read';
const ROLLOUT = {
  shadow: { sample: '100%', dwell: '0s' },
  canary: { match: [{ header: { 'x-canary': { env: 'CANARY_VALUE' } } }] },
  gates: {
    minPairs: 100,
    errorRate: { margin: '1pp' },
    tail: { margin: '50pp' },
    differences: { margin: '1pp' },
    bake: { badWindows: '50%' },
  },
};

/** A gateway in shadow whose gates are ready within seconds when nothing is wrong. */
async function shadow(candidate: UpstreamBuilder): Promise<RunningGateway> {
  const [one, two] = await Promise.all([upstream().json({ total: 7 }).start(), candidate.start()]);
  const running = await gateway()
    .legacy(one)
    .candidate(two)
    .config({ rollout: ROLLOUT })
    .env({ CANARY_VALUE: SECRET })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([one.stop(), two.stop()]);
  });
  return running;
}

type Verdict = Status['gate']['verdict'];

/** Sends requests until the gates say so. */
async function shown(running: RunningGateway, verdict: Verdict): Promise<void> {
  await until(
    async () => {
      await load({ url: running.url, clients: 8, requestsPerClient: 75 });
      return (await running.status()).gate.verdict === verdict;
    },
    verdict,
    60_000,
  );
}

/** Gate of a moment, and gate on the report of the same moment: what the gateway answered is served again. */
async function bothWays(running: RunningGateway, verdict: Verdict) {
  const { status, gateInput } = await until(
    async () => {
      const answer = await running.admin('/v1/evidence');
      const measured = JSON.parse(answer.body.toString()) as Measured;
      return measured.status.gate.verdict === verdict ? measured : null;
    },
    verdict,
    60_000,
  );
  const stub = await startAdminStub();
  Object.assign(stub.answers, { status, gateInput });
  const file = join(stub.folder, 'report.json');
  await stub.verb(`report -o ${file}`);
  const live = [await stub.verb('gate --json'), await stub.verb('gate')];
  const text = readFileSync(file, 'utf8');
  // What follows has no gateway to ask.
  await stub.stop();
  const copy = join(running.folder, 'copied.json');
  writeFileSync(copy, text);
  const again = [await cli(['gate', '--report', copy, '--json']), await cli(['gate', '--report', copy])];
  return { live, again, text, copy };
}

test.each([
  ['ready', 0, upstream().json({ total: 7 })],
  ['abort', 3, upstream().status(500)],
] as const)(
  '%s is judged from a report to the bytes of the running gateway',
  async (verdict, code, candidate) => {
    const running = await shadow(candidate);
    await shown(running, verdict);
    const { live, again, text } = await bothWays(running, verdict);
    expect(again).toEqual(live);
    expect(live.map(({ exitCode }) => exitCode)).toEqual([code, code]);
    expect(JSON.parse(again[0]?.out ?? '')).toMatchObject({ gate: { verdict } });
    expect(text).not.toContain(SECRET);
  },
  TEST_MS,
);

test(
  'a move keeps what it was decided on, with the gateway and without',
  async () => {
    const running = await shadow(upstream().json({ total: 7 }));
    await shown(running, 'ready');
    expect((await running.cli(['advance', '--yes', '--reason', 'proven'])).code).toBe(0);
    const history = JSON.parse((await running.cli(['history', '--json'])).stdout) as History;
    const entry = history.entries.at(-1);
    expect(entry).toMatchObject({ verb: 'advance', to: { phase: 'canary' }, forced: false });
    const number = String(entry?.sequence);

    const live = await running.cli(['history', '--evidence', number]);
    expect(live).toMatchObject({ code: 0, stderr: '' });
    expect(live.stdout).not.toContain(SECRET);
    const file = join(running.folder, 'proof.json');
    writeFileSync(file, live.stdout);
    const judged = await running.cli(['gate', '--report', file, '--json']);
    expect(judged.code).toBe(0);
    expect(JSON.parse(judged.stdout)).toMatchObject({
      gate: { verdict: 'ready', evidenceHash: entry?.evidenceHash, phase: 'shadow' },
    });

    const proof = JSON.parse(live.stdout) as Proof;
    proof.gateInput.evidence.windows += 1;
    writeFileSync(file, JSON.stringify(proof));
    expect((await running.cli(['gate', '--report', file])).code).toBe(7);

    const start = await running.cli(['history', '--evidence', '1']);
    expect(start.code).toBe(2);
    expect(start.stderr).toContain('nothing is kept of what entry 1 was decided on');
    running.signal('SIGTERM');
    await running.exited;
    expect((await running.cli(['history', '--evidence', number])).stdout).toBe(live.stdout);
  },
  TEST_MS,
);

test(
  'a hold is judged from a report of the running gateway, and a changed one is not judged',
  async () => {
    const running = await shadow(upstream().json({ total: 7 }));
    await until(async () => (await running.status()).gate.windows > 0, 'a window', 20_000);
    const { live, again, copy } = await bothWays(running, 'hold');
    expect(again).toEqual(live);
    expect(live.map(({ exitCode }) => exitCode)).toEqual([4, 4]);

    const file = join(running.folder, 'report.json');
    await cli(['report', '-c', running.configFile, '-o', file]);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const judged = await cutover(['gate', '--report', file, '--json'], { cwd: running.folder });
    expect(judged).toMatchObject({ code: VERDICT_EXITS[report.gate.verdict], stderr: '' });
    expect(JSON.parse(judged.stdout)).toMatchObject({ atMs: report.meta.madeAtMs, gate: report.gate });

    report.gateInput.evidence.windows += 1;
    writeFileSync(copy, JSON.stringify(report));
    const changed = await cli(['gate', '--report', copy, '--json']);
    expect(changed).toMatchObject({ exitCode: 7, out: '' });
    expect(JSON.parse(changed.err)).toMatchObject({ error: { code: 'EVIDENCE_CHANGED' } });
  },
  TEST_MS,
);
