import { readFileSync, statSync } from 'node:fs';
import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { formatOf, readerOf } from '../replay/capture/format.ts';
import type { PlannedRequest } from './mix.ts';

/**
 * The requests of a capture: GoReplay, an access log, or a HAR file.
 * @throws CutoverError CAPTURE when there are none
 */
export function readCapture(file: string): PlannedRequest[] {
  const bytes = read(file);
  const reader = readerOf(formatOf(bytes.subarray(0, LIMITS.captureHeadBytes)));
  const requests = [...reader.read(bytes), ...reader.end(false)].flatMap(({ request }) => {
    if (request === null) return [];
    const { method, target, headers, body } = request;
    return [{ method, target, headers, body: body === null || body.length === 0 ? null : body }];
  });
  if (requests.length > 0) return requests;
  throw new CutoverError('CAPTURE', `${file} holds no request that can be replayed`, {
    hint: 'name a GoReplay capture, an access log in the combined format or as JSON lines, or a HAR file',
    exitCode: 2,
  });
}

function read(file: string): Buffer {
  try {
    if (statSync(file).size > LIMITS.captureBytes)
      throw new Error(`it is larger than ${LIMITS.captureBytes / 1024 ** 2} MiB`);
    return readFileSync(file);
  } catch (error) {
    throw new CutoverError('CAPTURE', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'paths start at the folder of the scenario',
      exitCode: 2,
      cause: error,
    });
  }
}
