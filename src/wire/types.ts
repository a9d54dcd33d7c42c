import type { ConnectionClient } from '../core/client-identity.ts';
import type { FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { SecureOrigin } from './secure-origin.ts';

/**
 * The wire's interface: one request on a client connection, one call to a server. Nothing outside this room
 * sees a socket, a chunk size or a framing header, so that the codec behind it can be replaced.
 *
 * Rules that hold for everything here:
 * - Callbacks are never made before the function that sets the handler has returned, and never after the last one.
 * - A `Buffer` given to a callback is valid only during the call: who keeps bytes copies them.
 * - No callback may throw; the wire treats a throw as a defect of the handler and ends both sides.
 * - `fields` never holds connection-specific or framing fields (RFC 9110, section 7.6.1; RFC 9112, section 6),
 *   `Host` or `Expect`: strict on input, canonical on output, re-framed instead of copied.
 */

/** How a body is delimited. `close`: until the server closes; answers only. */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** A request head that was fully understood. */
export interface RequestHead {
  /** As received; methods are case-sensitive. */
  readonly method: string;
  /** Normalised `path[?query]`, or `*`: the one form used for policy, routing and forwarding. */
  readonly target: string;
  /** Normalised path, without the query. */
  readonly path: string;
  /** Host in lower case with its port, as sent (RFC 9112, section 3.2); '' for HTTP/1.0 without one. */
  readonly host: string;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minorVersion: 0 | 1;
  readonly fields: HeaderFields;
  readonly framing: 'none' | 'length' | 'chunked';
  /** Body bytes, or -1 unless `framing` is `length`. */
  readonly contentLength: number;
  /** The client sent `Expect: 100-continue`; the wire answers 100 when the body is first wanted. */
  readonly expectsContinue: boolean;
  /**
   * The lower-case protocol that a GET without a body asks to switch to (RFC 9110, section 7.8), or ''. Never HTTP
   * or TLS.
   */
  readonly upgrade: string;
}

/** The head of an answer, received from a server or to be sent to a client. */
export interface ResponseHead {
  readonly status: number;
  /** Reason phrase, may be ''. */
  readonly reason: string;
  readonly fields: HeaderFields;
  /**
   * Framing of the body that follows. To a client `close` is sent chunked (HTTP/1.1) or closes (HTTP/1.0).
   * For HEAD, 204 and 304 no body follows whatever this says; `contentLength` is then only a field.
   */
  readonly framing: Framing;
  readonly contentLength: number;
  /** The protocols that a 426 asks for (RFC 9110, section 15.5.22), of a server or for a client; no other answer has any. */
  readonly upgrade?: string;
}

/** One request on a client connection. */
export interface Inbound {
  readonly head: RequestHead;
  /** Peer of the socket, or the client that its PROXY header names; `unix` for a unix socket. */
  readonly remoteAddress: string;
  /** Who is at the other end, on a listener that asks for certificates; null on any other. */
  readonly client: ConnectionClient | null;
  /** Index of the listener it came in by. */
  readonly listener: number;
  /** Monotonic microseconds at the first byte of its head. */
  readonly startedUs: number;
  /** Body bytes received, and bytes of the answer written (head included), so far. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Sets who hears about this request; body events follow, at the earliest after the current call stack. */
  handle(handler: InboundHandler): void;
  /** Stops and restarts body events; the socket stops reading when its small buffer is full. */
  pause(): void;
  resume(): void;
  /** Sends an interim answer (103, say); only before {@link respond}. */
  inform(status: number, fields: HeaderFields): void;
  /** Sends the head of the answer; once. */
  respond(head: ResponseHead): void;
  /** Sends body bytes (copied or flushed before it returns). False: wait for `onWritable`. */
  write(chunk: Uint8Array): boolean;
  /**
   * Answers 101 and joins the client's connection to the server's: both pass bytes until they end, and the last
   * callback says how. Instead of {@link respond}, inside `onUpgraded`. What the client sent before now goes first.
   * @param idleMs silence of both directions after which both are cut (`tunnel_idle`); 0 is never
   */
  tunnel(head: ResponseHead, server: SwitchedConnection, idleMs: number): void;
  /** The connection ends after this answer; before {@link respond}. */
  closeAfter(): void;
  /** Ends the answer. A short body (against `contentLength`) destroys the connection, it is never padded. */
  end(): void;
  /** Cuts the connection: the only honest way to end an answer that broke off. `onAbort('aborted')` follows. */
  destroy(): void;
}

/** The connection to a server that answered 101, no longer its pool's; only the wire looks inside. */
export interface SwitchedConnection {
  /** Ends it: no tunnel is wanted. */
  destroy(): void;
}

/** Hears about one client request. Exactly one of `onFinished` and `onAbort` is the last call. */
export interface InboundHandler {
  onBody(chunk: Buffer): void;
  onBodyEnd(): void;
  /** After `write` returned false: room again. */
  onWritable(): void;
  /** The answer was handed to the kernel completely. */
  onFinished(): void;
  /**
   * The client went away, stalled, or broke the protocol inside its body. One that only closed its sending side has
   * gone away when the answer has been silent for `LIMITS.halfCloseGraceMs`.
   */
  onAbort(code: FailureCode): void;
}

/** Accepts whatever arrives on a listener. */
export interface RequestAcceptor {
  /** A complete head. Must call `inbound.handle` before it returns. */
  onRequest(inbound: Inbound): void;
  /**
   * A head that was refused; the wire has answered it itself. Status 0: the connection ended before HTTP, in its
   * handshake or PROXY header. `detail` is for the log, never for the client.
   */
  onRefused(code: FailureCode, status: number, remoteAddress: string, detail: string): void;
}

/** A request to a server. */
export interface OutboundHead {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly fields: HeaderFields;
  readonly framing: 'none' | 'length' | 'chunked';
  readonly contentLength: number;
  /** The protocol to ask for, or ''; only without a body, and of a handler that has `onUpgraded`. */
  readonly upgrade: string;
}

/** Hears about one call to a server. Exactly one of `onEnd`, `onFailure` and `onUpgraded` is the last call. */
export interface OutboundHandler {
  /**
   * The head has been written to a connection: service time starts here. Called a second time, with false, when
   * the pool repeats an idempotent request whose reused connection had been closed by its server
   * (`PoolOptions.retry`).
   */
  onSent(reused: boolean): void;
  /** An interim answer other than 100. */
  onInform(status: number, fields: HeaderFields): void;
  onHead(head: ResponseHead): void;
  onData(chunk: Buffer): void;
  /** The answer is complete. */
  onEnd(): void;
  /**
   * The server switched to the protocol that was asked for (101). Before it returns, the connection is given to
   * {@link Inbound.tunnel} or destroyed.
   */
  onUpgraded?(head: ResponseHead, server: SwitchedConnection): void;
  /** After `write` returned false: room again. */
  onWritable(): void;
  /** A try failed, and the call is made again elsewhere. A pool never does that; whoever chooses servers may. */
  onRetry?(code: FailureCode): void;
  /** No complete answer will come. `sent` tells whether a byte of the request may have reached the server. */
  onFailure(code: FailureCode, sent: boolean): void;
}

/** One call to a server. */
export interface Outbound {
  /** Sends body bytes (copied or flushed before it returns). False: wait for `onWritable`. */
  write(chunk: Uint8Array): boolean;
  /** Ends the request body. */
  end(): void;
  /** Stops and restarts the answer. */
  pause(): void;
  resume(): void;
  /** Gives the call up; no callback follows. The connection is not reused. */
  abort(): void;
}

/** Times of one pool, milliseconds; 0 means never. */
export interface PoolTimeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface PoolOptions {
  /** A name, an address, or a unix socket (`unix:/run/app.sock`, with any port). */
  readonly host: string;
  readonly port: number;
  readonly timeouts: PoolTimeouts;
  readonly maxConnections: number;
  readonly maxWaiting: number;
  /** Tunnels at once, beside the connections; absent: any number. */
  readonly maxTunnels?: number;
  /** Absent: every connection that is wanted is tried. */
  readonly gate?: ConnectGate | undefined;
  /**
   * Whether an idempotent request without a body is sent once more when its reused connection fails before the
   * answer. False where every failure must be seen. A connection that is known to be lost before a byte of the
   * request was written is replaced either way.
   */
  readonly retry: boolean;
  /** TLS to the server; plain when it is absent. */
  readonly secure?: SecureOrigin | undefined;
}

/**
 * Says whether further connections to a server are tried, and hears what became of them. `probe` is leave for one
 * connection, until that is known.
 */
export interface ConnectGate {
  leave(): 'yes' | 'probe' | 'no';
  /** No leave is given at the moment. */
  readonly isShut: boolean;
  /** A connection stands. */
  reached(): void;
  /** One could not be made. */
  unreached(code: FailureCode, isProbe: boolean): void;
  /** The probe was given up before anything was known. */
  released(): void;
}

/** Connections to one server. */
export interface Pool {
  /**
   * Starts a call; it never throws, failures arrive at the handler after the current call stack.
   * @param totalMs for all of it, instead of the pool's own: a second try has what the first one left
   */
  call(head: OutboundHead, handler: OutboundHandler, totalMs?: number): Outbound;
  /** Open connections, calls on them, calls waiting. A tunnel is both: an open connection, and a call on it. */
  readonly stats: { readonly open: number; readonly active: number; readonly waiting: number };
  /** Closes idle connections now and busy ones when their call ends; further calls fail with `draining`. */
  close(): void;
}

/** How slow a client may be while it is waited for. */
export interface PaceLimits {
  /** Body bytes it has to send, and bytes of its answer to read, per second on average; 0 means any. */
  readonly bytesPerSec: number;
  /** Time it has in any case, and what is left of it after a pause. */
  readonly graceMs: number;
}

export interface ServerOptions {
  readonly headTimeoutMs: number;
  readonly bodyIdleMs: number;
  readonly writeIdleMs: number;
  readonly keepAliveIdleMs: number;
  readonly maxConnections: number;
  /** Of these, from one address or one /64 of IPv6; 0 or absent: any number. */
  readonly maxPerAddress?: number;
  /** Addresses that speak for many clients, and are not limited. */
  readonly speaksForMany?: (address: string) => boolean;
  /** Body bytes of one request; 0 means no limit. */
  readonly maxBodyBytes: number;
  /** Absent: only silence counts. */
  readonly pace?: PaceLimits;
}

/** What a finished handshake shows about the client. */
export interface PeerEvidence {
  /** The name it asked for, lower-case, or null. */
  readonly serverName: string | null;
  /** Its certificate and those behind it, DER; empty: it has shown none. Of a resumed session its own alone. */
  readonly chain: readonly Buffer[];
  /** Why OpenSSL does not accept the chain, by its own name for it (`CERT_REVOKED`); null: it does, or there is none. */
  readonly fault: string | null;
  readonly isResumed: boolean;
}

/** Who may speak; one whose policy is against it may, and is told so by every answer. */
export type Judgement =
  | { readonly client: ConnectionClient }
  | { readonly client: null; readonly reason: string };

/** How the clients of one name prove who they are. */
export interface ClientGate {
  /** Whether one without a certificate is refused in its handshake. */
  readonly required: boolean;
  /** Authorities that clients are verified by, PEM. */
  readonly ca: readonly string[];
  /** Lists of revoked certificates that OpenSSL looks at, PEM: every authority of a chain needs one, where there is any. */
  readonly crl: readonly string[];
  /** Whether a session tells enough to be resumed. */
  readonly resumes: boolean;
  /** Called when a handshake is through, resumed or not. */
  readonly judge: (evidence: PeerEvidence) => Judgement;
}

/** What session tickets are sealed with. Entries with the same keys and context resume each other's sessions. */
export interface SessionTickets {
  /** At most 32 characters. */
  readonly context: string;
  /** 48 bytes each: name, HMAC key, AES key. */
  readonly current: Buffer;
  readonly previous: Buffer | null;
}

/** One certificate chain with its private key, as PEM, and what holds for the names that get it. */
export interface TlsEntry {
  readonly cert: string;
  readonly key: string;
  /** Lower-case, `shop.example.org` or `*.example.org`. */
  readonly names?: readonly string[] | undefined;
  /** Absent: nobody is asked for a certificate. */
  readonly client?: ClientGate | undefined;
  /** Absent: sessions are resumed where they began, in this process. */
  readonly tickets?: SessionTickets | undefined;
}

/** A protocol of application data over TLS. */
export type AlpnProtocol = 'h2' | 'http/1.1';

/** The certificates of a listener; its own is for every name that has no other. */
export interface ListenTls extends TlsEntry {
  readonly certificates?: readonly TlsEntry[];
  /** What may be chosen in a handshake (RFC 7301), the preferred first; HTTP/1.1 alone where it is absent. */
  readonly alpn?: readonly AlpnProtocol[];
  /** Whether a client that asks for no name, or one that is in no `names`, is refused. */
  readonly refusesUnknown?: boolean;
  /** Judges clients of entries without a gate, on a listener where others have one. */
  readonly judgeOthers?: ((evidence: PeerEvidence) => Judgement) | undefined;
}

/** Where a server listens. */
export interface ListenAddress {
  /** An address, or a unix socket (`unix:/run/cutover.sock`). */
  readonly host: string;
  readonly port: number;
  /** Lets several processes share the port (SO_REUSEPORT); the kernel spreads connections. */
  readonly reusePort: boolean;
  /** Given back on every `Inbound` as `listener`. */
  readonly index: number;
  /** Plain HTTP when it is absent. */
  readonly tls?: ListenTls | undefined;
  /**
   * Every connection begins with a PROXY header: asked with the peer's address whether it may name its clients. A peer
   * that may not is refused. Absent: no header is expected, and one that comes is a bad request.
   */
  readonly trustsProxy?: ((address: string) => boolean) | undefined;
}

/** Connections that were accepted and not served. */
export interface RefusedConnections {
  /** Over `maxConnections`: told 503. */
  limit: number;
  /** The same, closed without a word: too many are being told, or no handshake was made yet. */
  dropped: number;
  /** Over `maxPerAddress`. */
  address: number;
}

/** The client side of the gateway: listeners and their connections. */
export interface WireServer {
  /** Starts to listen. @returns the port, also where 0 was asked. @throws the system's error (EADDRINUSE, EACCES) */
  listen(address: ListenAddress): Promise<number>;
  readonly connections: number;
  /** Connections that got no further since the start, by why. */
  readonly refused: Readonly<RefusedConnections>;
  /** Connections by what they are doing at this moment: a walk over all of them, and nothing counted per request. */
  states(): {
    readonly idle: number;
    readonly head: number;
    readonly exchange: number;
    readonly closing: number;
  };
  /**
   * Stops accepting; every answer from now on carries `Connection: close`; a connection that waits for a request
   * may still send one. Resolves when the last connection has ended or was cut at the deadline.
   * @returns number of connections that were cut while an exchange was running
   */
  drain(deadlineMs: number): Promise<number>;
  /** Replaces the limits for new connections. */
  reconfigure(options: ServerOptions): void;
  /**
   * Replaces certificates, authorities and keys of the listener with this index, for new handshakes.
   * @throws when they cannot be used; the old ones stay
   */
  secure(index: number, tls: ListenTls): void;
}
