import type { GateAnswer } from '../../control/schema/gate.ts';
import { VERDICT_EXITS } from '../exit-codes.ts';
import { withGateway } from '../gateway.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { gatesText } from '../views/gates.ts';

/** Evaluates the gates now. The exit code is the verdict, so that a script needs nothing else. */
export const gate: Verb = async (io, options) =>
  await withGateway(io, options, async ({ ask }) => {
    const { atMs, gate: found } = await ask((client) => client.status());
    const exitCode = VERDICT_EXITS[found.verdict];
    const answer: GateAnswer = { schemaVersion: 1, atMs, exitCode, gate: found };
    say(io, options, answer, () => gatesText(found, paintFor(io, options.color)));
    return exitCode;
  });
