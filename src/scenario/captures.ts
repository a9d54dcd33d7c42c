import { readFileSync, statSync } from 'node:fs';
import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { PlannedRequest } from './mix.ts';

const SEPARATOR = Buffer.from('\n🐵🙈🙉\n');
/** Fields that belong to the connection the request came on. */
const NOT_REPLAYED =
  /^(host|content-length|connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|expect|upgrade)$/i;
const COMBINED =
  /^\S+ \S+ \S+ \[[^\]]+\] "([A-Z]+) (\/\S*) HTTP\/1\.[01]" \d{3} (?:\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?/;

/**
 * The requests of a GoReplay capture (`.gor`) or of an access log in the common or combined format.
 * @throws CutoverError CAPTURE when there are none
 */
export function readCapture(file: string): PlannedRequest[] {
  const requests = file.endsWith('.gor') ? goReplay(read(file)) : accessLog(read(file).toString('utf8'));
  if (requests.length > 0) return requests;
  throw new CutoverError('CAPTURE', `${file} holds no request that can be replayed`, {
    hint: 'a GoReplay capture ends in .gor; anything else is read as an access log in the combined format',
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

/** Payloads of `type id nanoseconds\n` and the raw message; type 1 is a request. */
function goReplay(capture: Buffer): PlannedRequest[] {
  const requests: PlannedRequest[] = [];
  for (let from = 0; from < capture.length;) {
    const at = capture.indexOf(SEPARATOR, from);
    const end = at === -1 ? capture.length : at;
    const request = payload(capture.subarray(from, end));
    if (request !== null) requests.push(request);
    from = end + SEPARATOR.length;
  }
  return requests;
}

function payload(bytes: Buffer): PlannedRequest | null {
  const line = bytes.indexOf('\n');
  if (line === -1 || !/^1 \S+ \d+/.test(bytes.toString('latin1', 0, line))) return null;
  const message = bytes.subarray(line + 1);
  const headEnd = message.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const [first = '', ...lines] = message.toString('latin1', 0, headEnd).split('\r\n');
  const match = /^([A-Z]+) (\/\S*) HTTP\/1\.[01]$/.exec(first);
  if (match === null) return null;
  const fields = lines.map(field);
  const length = Number(fields.find(([name]) => /^content-length$/i.test(name))?.[1] ?? 0);
  const body = message.subarray(headEnd + 4, headEnd + 4 + length);
  return {
    method: match[1] ?? '',
    target: match[2] ?? '',
    headers: fields.filter(([name]) => name !== '' && !NOT_REPLAYED.test(name)).flat(),
    body: body.length === 0 ? null : Buffer.from(body),
  };
}

function field(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return colon < 1 ? ['', ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
}

function accessLog(log: string): PlannedRequest[] {
  return log.split('\n').flatMap((line) => {
    const match = COMBINED.exec(line);
    if (match === null) return [];
    const [, method = '', target = '', referer = '', agent = ''] = match;
    const headers = [
      ...(referer === '' || referer === '-' ? [] : ['referer', printable(referer)]),
      ...(agent === '' || agent === '-' ? [] : ['user-agent', printable(agent)]),
    ];
    return [{ method, target, headers, body: null }];
  });
}

function printable(value: string): string {
  return value.replaceAll(/[^\u0020-\u007e]/g, '?');
}
