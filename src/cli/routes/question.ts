import { isIP } from 'node:net';
import { CutoverError } from '../../core/errors.ts';
import { HeaderFields } from '../../core/headers.ts';
import { agrees, normalizeHost, parseTarget } from '../../wire/target.ts';
import type { RequestHead } from '../../wire/types.ts';
import { EXIT } from '../exit-codes.ts';
import type { Options } from '../options.ts';

/** A request as the gateway would see it. */
export interface Question {
  readonly head: RequestHead;
  readonly from: string;
}

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/;

/** @throws CutoverError USAGE for what is no request, and for what the gateway refuses with 400 */
export function questionOf(options: Options, method: string, url: string): Question {
  if (!METHOD.test(method)) throw usage(`${method} is no method`, 'cutover routes explain GET /path');
  const fields = new HeaderFields((options.header ?? []).flat());
  const target = parseTarget(method, url.replace(/#.*$/s, ''));
  if (target.refusal !== '') {
    throw usage(
      `the gateway refuses this request with 400: ${target.refusal}`,
      'write a path or an http URL',
    );
  }
  const { authority, path, target: pathAndQuery } = target;
  const named = fields.get('host');
  const host = named === undefined ? authority : normalizeHost(named);
  if (named !== undefined && (host === '' || !agrees(target, host, url))) {
    throw usage(
      'the gateway refuses this request with 400: its Host is another one',
      'leave out one of them',
    );
  }
  const from = options.from ?? '127.0.0.1';
  if (isIP(from) === 0) throw usage('--from is no IP address', 'for example: --from 10.1.2.3');
  return { head: headOf({ method, host, path, target: pathAndQuery }, fields), from };
}

function headOf(
  line: Pick<RequestHead, 'method' | 'host' | 'path' | 'target'>,
  fields: HeaderFields,
): RequestHead {
  const upgrade = line.method === 'GET' ? (fields.get('upgrade')?.toLowerCase() ?? '') : '';
  const expectsContinue = fields.get('expect')?.toLowerCase() === '100-continue';
  return { ...line, minorVersion: 1, fields, framing: 'none', contentLength: -1, expectsContinue, upgrade };
}

function usage(message: string, hint: string): CutoverError {
  return new CutoverError('USAGE', message, { hint, exitCode: EXIT.usage });
}
