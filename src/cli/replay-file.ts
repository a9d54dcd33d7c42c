import { readFileSync, statSync } from 'node:fs';
import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
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

/**
 * Reads the JSON report of a replay.
 * @throws CutoverError NOT_A_REPORT when the file is something else
 */
export function readReplayReport(file: string): ReplayReport {
  const text = readBounded(file);
  try {
    return replayReportSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new CutoverError('NOT_A_REPORT', `${file} is not the JSON report of a replay`, {
      hint: 'make one: cutover replay FILE --legacy URL --candidate URL -o report.json',
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}
