import type { GateAnswer, StatusGate } from '../../control/schema/gate.ts';
import { CutoverError } from '../../core/errors.ts';
import { DEFAULT_FAIL_ON, parseFailOn } from '../../report/fail-on.ts';
import { judgeReplay } from '../../report/replay-gate.ts';
import type { ReplayReport } from '../../report/replay-schema.ts';
import type { Judgeable } from '../../report/live-gate.ts';
import { EXIT, VERDICT_EXITS } from '../exit-codes.ts';
import { withGateway } from '../gateway.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import { readAnyReport, readReplayReport } from '../replay-file.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { gatesText } from '../views/gates.ts';
import { replayGateText } from '../views/replay-gate.ts';

/**
 * Evaluates the gates now, or as they were when a report was made or a move was decided, or the rules of `--fail-on` on the report of a replay.
 * The exit code is the verdict, so that a script needs nothing else.
 */
export const gate: Verb = async (io, options) => {
  if (options.report !== undefined) return await gateReport(io, options, options.report);
  if (options.failOn !== undefined || options.baseline !== undefined) throw reportMissing();
  return await withGateway(io, options, async ({ ask }) => {
    const { atMs, gate: found } = await ask((client) => client.status());
    return sayVerdict(io, options, atMs, found);
  });
};

async function gateReport(io: Io, options: Options, file: string): Promise<number> {
  const rules = parseFailOn(options.failOn ?? DEFAULT_FAIL_ON);
  const report = readAnyReport(file);
  return 'gateInput' in report ? await gateLive(io, options, report) : gateReplay(io, options, report, rules);
}

function gateReplay(
  io: Io,
  options: Options,
  report: ReplayReport,
  rules: ReturnType<typeof parseFailOn>,
): number {
  const baseline = options.baseline === undefined ? null : readReplayReport(options.baseline);
  const judged = judgeReplay(report, baseline, rules);
  if (baseline !== null && baseline.capture.fingerprint !== report.capture.fingerprint)
    io.err.write('warning: the baseline was made from another capture: its shares may not compare\n');
  say(io, options, judged, () => replayGateText(judged, paintFor(io, options.color)));
  return judged.exitCode;
}

/** The verdict of that moment, judged again from what the report carries. */
async function gateLive(io: Io, options: Options, report: Judgeable): Promise<number> {
  if (options.failOn !== undefined || options.baseline !== undefined) throw noReplay();
  const { buildName } = await import('../../control/build.ts');
  const { judgeLive } = await import('../../report/live-gate.ts');
  const { atMs, gate: found, warning } = judgeLive(report, buildName());
  if (warning !== null) io.err.write(`warning: ${warning}\n`);
  return sayVerdict(io, options, atMs, found);
}

function sayVerdict(io: Io, options: Options, atMs: number, found: StatusGate): number {
  const exitCode = VERDICT_EXITS[found.verdict];
  const answer: GateAnswer = { schemaVersion: 1, atMs, exitCode, gate: found };
  say(io, options, answer, () => gatesText(found, paintFor(io, options.color)));
  return exitCode;
}

function reportMissing(): CutoverError {
  return usage(
    '--fail-on and --baseline judge the report of a replay, and none is named',
    'cutover gate --report report.json --fail-on new-class,status',
  );
}

function noReplay(): CutoverError {
  return usage(
    '--fail-on and --baseline judge the report of a replay; this one is of a running gateway, whose gates have their own rules',
    'leave them out: cutover gate --report report.json',
  );
}

function usage(message: string, hint: string): CutoverError {
  return new CutoverError('USAGE', message, { hint, exitCode: EXIT.usage });
}
