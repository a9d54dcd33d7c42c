import type { GateAnswer } from '../../control/schema/gate.ts';
import { CutoverError } from '../../core/errors.ts';
import { DEFAULT_FAIL_ON, parseFailOn } from '../../report/fail-on.ts';
import { judgeReplay } from '../../report/replay-gate.ts';
import { EXIT, VERDICT_EXITS } from '../exit-codes.ts';
import { withGateway } from '../gateway.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import { readReplayReport } from '../replay-file.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { gatesText } from '../views/gates.ts';
import { replayGateText } from '../views/replay-gate.ts';

/**
 * Evaluates the gates now, or the rules of `--fail-on` on the report of a replay. The exit code is the verdict, so that a
 * script needs nothing else.
 */
export const gate: Verb = async (io, options) => {
  if (options.report !== undefined) return gateReport(io, options, options.report);
  if (options.failOn !== undefined || options.baseline !== undefined) throw reportMissing();
  return await withGateway(io, options, async ({ ask }) => {
    const { atMs, gate: found } = await ask((client) => client.status());
    const exitCode = VERDICT_EXITS[found.verdict];
    const answer: GateAnswer = { schemaVersion: 1, atMs, exitCode, gate: found };
    say(io, options, answer, () => gatesText(found, paintFor(io, options.color)));
    return exitCode;
  });
};

function gateReport(io: Io, options: Options, file: string): number {
  const rules = parseFailOn(options.failOn ?? DEFAULT_FAIL_ON);
  const report = readReplayReport(file);
  const baseline = options.baseline === undefined ? null : readReplayReport(options.baseline);
  const judged = judgeReplay(report, baseline, rules);
  if (baseline !== null && baseline.capture.fingerprint !== report.capture.fingerprint)
    io.err.write('warning: the baseline was made from another capture: its shares may not compare\n');
  say(io, options, judged, () => replayGateText(judged, paintFor(io, options.color)));
  return judged.exitCode;
}

function reportMissing(): CutoverError {
  return new CutoverError(
    'USAGE',
    '--fail-on and --baseline judge the report of a replay, and none is named',
    {
      hint: 'cutover gate --report report.json --fail-on new-class,status',
      exitCode: EXIT.usage,
    },
  );
}
