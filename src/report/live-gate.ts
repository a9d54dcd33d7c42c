import { gateReportSchema } from '../control/schema/gate.ts';
import type { StatusGate } from '../control/schema/gate.ts';
import { gateInputFrom } from '../control/schema/gate-input.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { decide } from '../rollout/gates/decide.ts';
import type { Report } from './schema.ts';

const USAGE = 2;
const INVALID = 7;

/** What of a report, or of the proof of a move, a verdict is judged again from. */
export interface Judgeable extends Pick<Report, 'gate' | 'gateInput'> {
  readonly meta: Pick<Report['meta'], 'build' | 'madeAtMs'>;
}

/** A verdict that was judged again, as `cutover gate` gave it at that moment. */
export interface LiveGate {
  readonly atMs: number;
  readonly gate: StatusGate;
  /** For people, or null. */
  readonly warning: string | null;
}

/**
 * Judges the report of a running gateway, or the proof of a move, again, from the counts it carries and by the same `decide`. It gives the verdict
 * of the report, or none: what was counted, configured and concluded has to fit together.
 * @param build of this program
 * @throws CutoverError EVIDENCE_CHANGED (exit 7) when it does not; OTHER_BUILD (2) when another build judged it otherwise
 */
export function judgeLive(report: Judgeable, build: string): LiveGate {
  const { meta, gate: said, gateInput } = report;
  const foreign =
    meta.build === build ? null : `it was made by build ${printable(meta.build)}, and this is ${build}`;
  const found = judged(report, foreign);
  if (found.evidenceHash !== said.evidenceHash) {
    throw changed(
      `the counts of the report are not those of its verdict (${found.evidenceHash.slice(0, 12)})`,
    );
  }
  const same = JSON.stringify(found) === JSON.stringify(said) && meta.madeAtMs === gateInput.nowMs;
  if (same) {
    const warning = foreign === null ? null : `${foreign}: the verdict is the same`;
    return { atMs: gateInput.nowMs, gate: found, warning };
  }
  if (foreign === null)
    throw changed('the report says something else than its counts, its plan and its moment do');
  throw otherBuild(`the verdict comes out otherwise: ${foreign}`);
}

/** As `gate --json` prints it: numbers as JSON has them, fields in the order of the schema. */
function judged({ gateInput }: Judgeable, foreign: string | null): StatusGate {
  try {
    const report = decide(gateInputFrom(gateInput));
    return gateReportSchema.parse(JSON.parse(JSON.stringify(report)));
  } catch (error) {
    if (foreign !== null) throw otherBuild(`the report cannot be judged: ${foreign}`, error);
    throw changed(`the report cannot be judged: ${messageOf(error)}`, error);
  }
}

function changed(message: string, cause?: unknown): CutoverError {
  return new CutoverError('EVIDENCE_CHANGED', message, {
    hint: 'it was changed after it was made: make it again with cutover report --format json',
    exitCode: INVALID,
    cause,
  });
}

function otherBuild(message: string, cause?: unknown): CutoverError {
  return new CutoverError('OTHER_BUILD', message, {
    hint: 'judge it with the build that made it',
    exitCode: USAGE,
    cause,
  });
}
