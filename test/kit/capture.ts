import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readerOf } from '../../src/replay/capture/format.ts';
import type { CaptureFormat } from '../../src/replay/capture/types.ts';
import { REPOSITORY, sharedData } from './shared-data.ts';

/** One captured request. */
export interface CapturedRequest {
  readonly method: string;
  readonly target: string;
  /** name, value, name, value, …; without Host, framing and connection-specific fields. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Milliseconds after the first request of the capture; access logs have whole seconds. */
  readonly offsetMs: number;
  /** Status in the log, or null for captures without answers. */
  readonly loggedStatus: number | null;
  /** Body bytes in the log, or null. */
  readonly loggedBytes: number | null;
}

/** The requests of a GoReplay capture; other payloads are skipped. */
export function readGoReplay(capture: Buffer): CapturedRequest[] {
  return requestsOf('gor', capture);
}

/** The requests of an access log; lines that are none (comments, broken requests) are skipped. */
export function readAccessLog(log: string): CapturedRequest[] {
  return requestsOf('log', Buffer.from(log, 'latin1'));
}

function requestsOf(format: CaptureFormat, bytes: Buffer): CapturedRequest[] {
  const reader = readerOf(format);
  const found = [...reader.read(bytes), ...reader.end(false)].flatMap(({ request }) => request ?? []);
  const firstMs = found[0]?.atMs ?? 0;
  return found.map(({ method, target, headers, body, atMs, logged }) => ({
    method,
    target,
    headers,
    body: body ?? Buffer.alloc(0),
    offsetMs: Math.max(0, (atMs ?? firstMs) - firstMs),
    loggedStatus: logged?.status ?? null,
    loggedBytes: logged?.bytes ?? null,
  }));
}

/** A file of captured requests and where it came from. */
export interface Capture {
  readonly name: string;
  readonly requests: readonly CapturedRequest[];
}

/**
 * The traffic the tests replay: the GoReplay capture and the access log of the shared data, or the excerpt that is
 * committed where these are absent. Never fewer than 1,000 requests.
 */
export function captures(): Capture[] {
  const gor = sharedData('traffic/isucon5.gor');
  const log =
    sharedData('traffic/apache_access.log') ?? join(REPOSITORY, 'test/fixtures/traffic/access-excerpt.log');
  const found: Capture[] = [{ name: 'access log', requests: readAccessLog(readFileSync(log, 'utf8')) }];
  if (gor !== null) found.unshift({ name: 'GoReplay capture', requests: readGoReplay(readFileSync(gor)) });
  return found;
}
