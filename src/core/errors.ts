/**
 * Every failure the product names: whose fault it is, whether it may be retried, the status a client sees.
 * One table, so that a code can be looked up and a `switch` over it stays exhaustive.
 */
interface Failure {
  /** Whose fault: `client` and `gateway` failures are never evidence about a lane. */
  readonly blame: 'client' | 'gateway' | 'lane';
  /** Safe to send once more when the request is idempotent and nothing of the answer was seen. */
  readonly retry: boolean;
  /** HTTP status that answers it; 0 where nobody is left to answer. */
  readonly status: number;
}

const TABLE = {
  // The client's request (RFC 9110, section 15.5).
  bad_request: { blame: 'client', retry: false, status: 400 },
  uri_too_long: { blame: 'client', retry: false, status: 414 },
  headers_too_large: { blame: 'client', retry: false, status: 431 },
  body_too_large: { blame: 'client', retry: false, status: 413 },
  request_timeout: { blame: 'client', retry: false, status: 408 },
  expectation_failed: { blame: 'client', retry: false, status: 417 },
  not_implemented: { blame: 'client', retry: false, status: 501 },
  version_not_supported: { blame: 'client', retry: false, status: 505 },
  client_aborted: { blame: 'client', retry: false, status: 0 },
  tls_handshake: { blame: 'client', retry: false, status: 0 },
  /** No certificate, or one that proves nothing here: `docs/tls.md`. Before HTTP nobody is told. */
  client_certificate: { blame: 'client', retry: false, status: 403 },
  /** A host with another policy for client certificates than the name that was asked for (RFC 9110, section 15.5.20). */
  misdirected: { blame: 'client', retry: false, status: 421 },
  proxy_header: { blame: 'client', retry: false, status: 0 },
  /** More connections from one address than `limits.connectionsPerAddress`. */
  address_limit: { blame: 'client', retry: false, status: 429 },
  /** A filter of addresses, or of rates, did not let the client ask. */
  address_denied: { blame: 'client', retry: false, status: 403 },
  rate_limited: { blame: 'client', retry: false, status: 429 },
  client_stalled: { blame: 'client', retry: false, status: 0 },
  // The lane's server.
  connect_refused: { blame: 'lane', retry: true, status: 502 },
  connect_failed: { blame: 'lane', retry: true, status: 502 },
  connect_timeout: { blame: 'lane', retry: true, status: 504 },
  /** The only server could not be reached again and again: no connection is tried for a moment. */
  circuit_open: { blame: 'lane', retry: true, status: 503 },
  upstream_certificate: { blame: 'lane', retry: true, status: 502 },
  upstream_reset: { blame: 'lane', retry: true, status: 502 },
  upstream_truncated: { blame: 'lane', retry: false, status: 502 },
  upstream_protocol: { blame: 'lane', retry: false, status: 502 },
  first_byte_timeout: { blame: 'lane', retry: false, status: 504 },
  idle_timeout: { blame: 'lane', retry: false, status: 504 },
  total_timeout: { blame: 'lane', retry: false, status: 504 },
  no_server: { blame: 'lane', retry: false, status: 503 },
  no_route: { blame: 'lane', retry: false, status: 404 },
  filter_failed: { blame: 'lane', retry: false, status: 503 },
  /** It did not answer within its budget. */
  filter_timeout: { blame: 'lane', retry: false, status: 503 },
  // The gateway itself.
  upstream_busy: { blame: 'gateway', retry: false, status: 503 },
  overloaded: { blame: 'gateway', retry: false, status: 503 },
  draining: { blame: 'gateway', retry: false, status: 503 },
  /** The same two before both lanes, where no lane is to blame. */
  edge_filter_failed: { blame: 'gateway', retry: false, status: 503 },
  edge_filter_timeout: { blame: 'gateway', retry: false, status: 503 },
  /** A token that nothing can be said about: no key of its issuer was ever there; too many signatures wait. */
  keys_unavailable: { blame: 'gateway', retry: false, status: 503 },
  verifier_busy: { blame: 'gateway', retry: false, status: 503 },
  /** A tunnel in which no byte moved for `timeouts.tunnelIdle`. */
  tunnel_idle: { blame: 'gateway', retry: false, status: 0 },
  aborted: { blame: 'gateway', retry: false, status: 0 },
  internal: { blame: 'gateway', retry: false, status: 500 },
} as const satisfies Record<string, Failure>;

/** The name of a failure, as it stands in logs, metrics and the error header. */
export type FailureCode = keyof typeof TABLE;

/** The response header that carries a {@link FailureCode} when the gateway answers by itself. */
export const ERROR_HEADER = 'x-cutover-error';

/** What is known about a failure. */
export function failure(code: FailureCode): Failure {
  return TABLE[code];
}

/** All codes, for documentation and tests. */
export const failureCodes = Object.keys(TABLE) as FailureCode[];

/**
 * An error meant for the person at the terminal: what failed, and a hint that is a command or an edit.
 * Everything else that is thrown is a defect and is shown with its stack.
 */
export class CutoverError extends Error {
  override readonly name = 'CutoverError';
  /** Stable name for scripts, such as `PORT_TAKEN`. */
  readonly code: string;
  /** What to do about it, or null. */
  readonly hint: string | null;
  /** Exit code of the command line, see `cutover help exit-codes`. */
  readonly exitCode: number;

  constructor(
    code: string,
    message: string,
    options: { hint?: string; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The operating system's code (`EADDRINUSE`, `ENOSPC`) of anything that was thrown, or ''. */
export function systemCode(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}
