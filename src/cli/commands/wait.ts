import type { Status } from '../../control/schema/status.ts';
import { wallMs } from '../../core/clock.ts';
import { CutoverError } from '../../core/errors.ts';
import type { WaitAnswer } from '../../report/wait-schema.ts';
import { EXIT } from '../exit-codes.ts';
import { time } from '../format.ts';
import { withGateway } from '../gateway.ts';
import type { Goal } from '../goal.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { say } from '../say.ts';
import type { Verb } from '../verbs.ts';
import { silenceLine, stateLine, waitedText } from '../views/wait.ts';
import { waitFor } from '../wait-for.ts';
import type { Waited } from '../wait-for.ts';

/** One call: a gateway that hangs is asked again. */
const CALL_MS = 10_000;

const EXITS = { met: EXIT.done, aborted: EXIT.regression, timed_out: EXIT.unreachable } as const;

/** Waits for a condition, for scripts: one line per change on stderr, the end on stdout, and the exit code. */
export const wait: Verb = async (io, options) => {
  const goal = options.for as Goal;
  const each = { ...options, timeoutMs: Math.min(options.timeoutMs, CALL_MS) };
  return await withGateway(io, each, async ({ ask }) => {
    const { timeoutMs, intervalMs } = options;
    const read = (): Promise<Status> => ask((client) => client.status());
    const waited = await waitFor({
      goal,
      read,
      timeoutMs,
      intervalMs,
      signal: io.signal,
      tell: changeTeller(io),
    });
    return finish(io, options, goal, waited);
  });
};

/** Writes a line when it is another one than before, each with its time. */
function changeTeller(io: Io): (reading: Status | CutoverError) => void {
  let before = '';
  return (reading) => {
    const silent = reading instanceof CutoverError;
    const { key, text } = silent ? silenceLine(reading.message) : stateLine(reading);
    if (key !== before) io.err.write(`${time(silent ? wallMs() : reading.atMs)} ${text}\n`);
    before = key;
  };
}

/** @throws CutoverError that says for people why it was not met; with `--json` the object says it */
function finish(io: Io, options: Options, goal: Goal, waited: Waited): number {
  const exitCode = EXITS[waited.outcome];
  const text = waitedText(goal, waited);
  if (waited.outcome !== 'met' && options.json !== true) {
    const code = waited.outcome === 'aborted' ? 'GATE_ABORT' : 'TIMED_OUT';
    throw new CutoverError(code, text, { hint: hintOf(waited), exitCode });
  }
  say(io, options, answerOf(goal, waited, exitCode), () => `${text}\n`);
  return exitCode;
}

function answerOf(goal: Goal, { outcome, waitedMs, last }: Waited, exitCode: number): WaitAnswer {
  const base = { schemaVersion: 1, for: goal.text, outcome, exitCode, waitedMs } as const;
  if (last === null) return { ...base, last };
  const { phase, step, paused, bypass, epoch } = last.rollout;
  const { verdict, reason, message, etaS } = last.gate;
  const state = { atMs: last.atMs, phase, step, paused, bypass, epoch };
  return { ...base, last: { ...state, verdict, reason, message, etaS } };
}

function hintOf({ outcome, last }: Waited): string {
  if (outcome === 'aborted') return 'what is wrong: cutover differences; with all numbers: cutover gate';
  return last === null
    ? 'start it: cutover run, or name another: --admin HOST:PORT'
    : 'what is missing: cutover plan; wait longer: --timeout 2h';
}
