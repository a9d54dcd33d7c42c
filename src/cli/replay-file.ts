import { readFileSync, statSync } from 'node:fs';
import { proofSchema } from '../control/schema/proof.ts';
import type { Proof } from '../control/schema/proof.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { printable } from '../core/printable.ts';
import { reportSchema } from '../report/schema.ts';
import type { Report } from '../report/schema.ts';
import { replayReportSchema } from '../report/replay-schema.ts';
import type { ReplayReport } from '../report/replay-schema.ts';
import { EXIT } from './exit-codes.ts';

/**
 * Reads a file whole, up to a limit that nothing of ours reaches.
 * @throws CutoverError NOT_READ
 */
export function readBounded(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > LIMITS.replayFileBytes) throw new Error(`it is larger than ${LIMITS.replayFileBytes} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CutoverError('NOT_READ', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'name a file that cutover replay wrote',
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}

const REPLAY_HINT = 'make one: cutover replay FILE --legacy URL --candidate URL -o report.json';
const LIVE_HINT = 'make one of a running gateway: cutover report --format json -o report.json';
const SAME_BUILD =
  'judge it with the build that wrote it, or make one with this build: cutover report --format json';

/**
 * Reads the JSON report of a replay.
 * @throws CutoverError NOT_A_REPORT when the file is something else
 */
export function readReplayReport(file: string): ReplayReport {
  return replayReportOf(file, readJson(file));
}

function replayReportOf(file: string, value: unknown): ReplayReport {
  const result = replayReportSchema.safeParse(value);
  if (result.success) return result.data;
  throw notAReport(`${file} is not the JSON report of a replay`, REPLAY_HINT, result.error);
}

/**
 * Reads the JSON report of a running gateway or of a replay, or the proof of a move.
 * @throws CutoverError NOT_A_REPORT when the file is neither, or of a build that writes other reports
 */
export function readAnyReport(file: string): Report | Proof | ReplayReport {
  const value = readJson(file);
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const build = (fields['meta'] as { readonly build?: unknown } | null | undefined)?.build;
  if (typeof build !== 'string') return replayReportOf(file, value);
  return fields['kind'] === 'proof'
    ? writtenBy(file, build, fields, proofSchema)
    : liveReportOf(file, build, fields);
}

function liveReportOf(file: string, build: string, fields: Readonly<Record<string, unknown>>): Report {
  const by = `${file} was written by build ${printable(build)}`;
  if (fields['schemaVersion'] !== 1)
    throw notAReport(`${by} with another schemaVersion than 1, which this build reads`, SAME_BUILD);
  if (fields['gateInput'] === undefined)
    throw notAReport(`${by}, whose reports do not carry what their verdict was made of`, LIVE_HINT);
  return writtenBy(file, build, fields, reportSchema);
}

function writtenBy<S extends typeof reportSchema | typeof proofSchema>(
  file: string,
  build: string,
  fields: object,
  schema: S,
): ReturnType<S['parse']> {
  try {
    return schema.parse(fields) as ReturnType<S['parse']>;
  } catch (error) {
    const by = `${file} was written by build ${printable(build)}`;
    throw notAReport(`${by}, and this build cannot read it: ${whyNot(error)}`, SAME_BUILD, error);
  }
}

/** What a schema has against a file, or that its lists lie in each other more deeply than anybody can follow. */
function whyNot(error: unknown): string {
  const issues = (error as { readonly issues?: readonly { path: PropertyKey[]; message: string }[] }).issues;
  const [issue] = issues ?? [];
  if (issue === undefined) return messageOf(error);
  return `${printable(issue.path.map(String).join('.'))}: ${printable(issue.message)}`;
}

/** @throws CutoverError NOT_READ, NOT_A_REPORT */
function readJson(file: string): unknown {
  const text = readBounded(file);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notAReport(`${file} is not the JSON report of a replay or of a gateway`, LIVE_HINT, error);
  }
}

function notAReport(message: string, hint: string, cause?: unknown): CutoverError {
  return new CutoverError('NOT_A_REPORT', message, { hint, exitCode: EXIT.usage, cause });
}
