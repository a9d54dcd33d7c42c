import { monotonicMs, wallMs } from '../core/clock.ts';
import { type FailureCode, failure } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Inbound, RequestHead } from '../wire/types.ts';
import { toAscii } from './access-line.ts';
import type { ArrivalDesk } from './arrival.ts';

const WINDOW_MS = 1_000;

/** A request that no lane was asked for, as far as it is known. */
export interface Refused {
  readonly code: FailureCode;
  /** Status the client got; 0 when it got none. */
  readonly status: number;
  /** '' when it is not known. */
  readonly clientAddress: string;
  readonly requestId: string | null;
  readonly region: string | null;
  /** Null when the head itself was refused. */
  readonly head: RequestHead | null;
  /** What was wrong with it; for the log, never for the client. */
  readonly detail: string | null;
}

/** What the log says of a head that the wire refused. */
export function refusedHead(
  code: FailureCode,
  status: number,
  clientAddress: string,
  detail: string,
): Refused {
  return { code, status, clientAddress, requestId: null, region: null, head: null, detail };
}

/** What it says of a request that came at a bad time. */
export function refusedRequest({ desk }: { readonly desk: ArrivalDesk }, inbound: Inbound): Refused {
  const { clientAddress, requestId, region } = desk.arrive(inbound);
  const { status } = failure('overloaded');
  return { code: 'overloaded', status, clientAddress, requestId, region, head: inbound.head, detail: null };
}

/** What it says of a client that may not ask: why, and who it is as far as that was shown. */
export function deniedRequest(
  { desk }: { readonly desk: ArrivalDesk },
  inbound: Inbound,
  code: FailureCode,
  reason: string,
): Refused {
  const { clientAddress, requestId, region } = desk.arrive(inbound);
  const name = inbound.client?.identity?.name ?? null;
  const detail = name === null ? reason : `${reason}: ${name.slice(0, LIMITS.accessLineBytes)}`;
  return { code, status: failure(code).status, clientAddress, requestId, region, head: inbound.head, detail };
}

/**
 * Lines of refused requests. An attack may not fill the disk: there are at most `LIMITS.refusedLinesPerSecond` of them,
 * and one more that says how many were left out.
 */
export class RefusedLines {
  private readonly append: (line: string) => void;
  private sinceMs = Number.NEGATIVE_INFINITY;
  private written = 0;
  private suppressed = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(append: (line: string) => void) {
    this.append = append;
  }

  /**
   * Notes one refusal.
   * @param describe is asked only when there is to be a line: a refusal has to stay cheap
   */
  note(describe: () => Refused): void {
    if (monotonicMs() - this.sinceMs >= WINDOW_MS) this.begin();
    if (this.written >= LIMITS.refusedLinesPerSecond) {
      this.suppressed += 1;
      this.timer ??= setTimeout(() => this.tellRest(), WINDOW_MS).unref();
      return;
    }
    this.written += 1;
    this.append(refusedLine(describe()));
  }

  /** Says how many were left out, if any. */
  tellRest(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.suppressed > 0) this.append(restLine(this.suppressed));
    this.suppressed = 0;
  }

  private begin(): void {
    this.tellRest();
    this.sinceMs = monotonicMs();
    this.written = 0;
  }
}

/** Keys and order of the line of an exchange; null is what a refused request does not have. */
const NOTHING = {
  'http.request.method': null,
  'url.path': null,
  'server.address': null,
  'client.address': null,
  'http.response.status_code': null,
  request_id: null,
  lane: 'edge',
  assigned: null,
  phase: null,
  epoch: null,
  revision: null,
  route: null,
  region: null,
  failure: null,
  copy: null,
  duration_us: null,
  service_us: null,
  bytes_in: null,
  bytes_out: null,
  detail: null,
  suppressed: null,
};

function lineOf(known: Readonly<Partial<Record<keyof typeof NOTHING, string | number | null>>>): string {
  const time = new Date(wallMs()).toISOString();
  return `${toAscii(JSON.stringify({ time, ...NOTHING, ...known }))}\n`;
}

function refusedLine({ code, status, clientAddress, requestId, region, head, detail }: Refused): string {
  return lineOf({
    'http.request.method': head?.method ?? null,
    'url.path': head?.path ?? null,
    'server.address': head?.host ?? null,
    'client.address': clientAddress === '' ? null : clientAddress,
    'http.response.status_code': status,
    request_id: requestId,
    region,
    failure: code,
    bytes_in: head === null ? null : announcedBytes(head),
    detail,
  });
}

function restLine(suppressed: number): string {
  return lineOf({ detail: 'further refusals without a line of their own', suppressed });
}

/** Of the body, which nobody waits for; null when only its end would tell. */
function announcedBytes({ framing, contentLength }: RequestHead): number | null {
  if (framing === 'none') return 0;
  return framing === 'length' ? contentLength : null;
}
