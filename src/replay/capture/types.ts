/** One request as it was captured. */
export interface CapturedRequest {
  readonly method: string;
  /** `path[?query]` in visible ASCII. */
  readonly target: string;
  /** Host with its port as it was sent, or '' where the capture does not say. */
  readonly host: string;
  /** name, value, name, value, … without Host, framing and connection-specific fields. */
  readonly headers: readonly string[];
  /** The body, chunks put together; null where the capture cannot know one (access logs). */
  readonly body: Buffer | null;
  /** When it was made, milliseconds since the Unix epoch with a fraction; null where nothing is said. */
  readonly atMs: number | null;
  /** Address of the client, or ''. */
  readonly clientAddress: string;
  /** It asked for another protocol, or waited for `100 Continue`. */
  readonly upgrade: string;
  readonly expectsContinue: boolean;
  /** What the log says about the answer of that time; null for captures without answers. */
  readonly logged: { readonly status: number; readonly bytes: number } | null;
}

/** Why a record of a capture gives no request. */
export const UNREADABLE = ['corrupt', 'truncated', 'record_too_large', 'no_request', 'other_host'] as const;
/**
 * - `corrupt`: not in the format of the capture; `truncated`: it ends before its end; `record_too_large`.
 * - `no_request`: a record of the format about something that was no HTTP request (`-`, bytes of a TLS handshake).
 * - `other_host`: an entry of a HAR file for another site than its first one.
 */
export type Unreadable = (typeof UNREADABLE)[number];

/** One record that stands for a request, whether it can be understood or not. */
export interface CaptureItem {
  /** Where it begins: bytes from the start of the file, decompressed; and its line (from 1) or record. */
  readonly offset: number;
  readonly line: number;
  readonly request: CapturedRequest | null;
  /** Why there is no request; null where there is one. */
  readonly why: Unreadable | null;
}

/**
 * Takes a capture apart while it arrives. Nothing it is given makes it throw, and what it holds is bounded by
 * `LIMITS.captureRecordBytes`.
 */
export interface CaptureReader {
  /** The records that are complete with this chunk. */
  read(chunk: Buffer): CaptureItem[];
  /**
   * The last record, which nothing ends.
   * @param cut the file itself was cut short: a last record is not to be trusted
   */
  end(cut: boolean): CaptureItem[];
  /** Records that are no requests by their nature: answers of a GoReplay capture, comments of a log. */
  readonly others: number;
}

/** What a capture is written in. */
export const CAPTURE_FORMATS = ['gor', 'log', 'har'] as const;
/** `gor` is GoReplay's, `log` an access log (common, combined or JSON lines), `har` an HTTP archive. */
export type CaptureFormat = (typeof CAPTURE_FORMATS)[number];
