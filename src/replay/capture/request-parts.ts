import type { CapturedRequest } from './types.ts';

/** Fields that belong to the connection a request came on, or that are written anew. */
const NOT_REPLAYED = new Set([
  'host',
  'content-length',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'expect',
  'upgrade',
  'http2-settings',
]);
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const UNFIT_VALUE = /[^\t\u0020-\u007e\u0080-\u00ff]/;
const HIGH = /[\u0080-\u00ff]/g;
/** A host that can stand in a request; what looks otherwise is as good as none. */
const HOST = /^[\w.:[\]-]{1,255}$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;

/** A method as HTTP knows it: a token (RFC 9110, section 9.1). */
export function isMethod(text: string): boolean {
  return text.length <= 32 && TOKEN.test(text);
}

/**
 * The target of a request as it can be sent: `path[?query]`, or `*`. Bytes above ASCII become escapes, an absolute
 * URL gives its path, a fragment is dropped.
 * @returns '' for what no server of HTTP gets
 */
export function sendableTarget(text: string): string {
  const origin = ABSOLUTE.exec(text)?.[0] ?? '';
  const rest = text.slice(origin.length);
  const path = origin !== '' && !rest.startsWith('/') ? `/${rest}` : rest;
  const hash = path.indexOf('#');
  const escaped = (hash === -1 ? path : path.slice(0, hash)).replace(
    HIGH,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const fit = escaped === '*' || (escaped.startsWith('/') && !/[^\u0021-\u007e]/.test(escaped));
  return fit ? escaped : '';
}

/** The fields of one message, sorted into those that are replayed and those that say how. */
export class RequestFields {
  readonly headers: string[] = [];
  host = '';
  /** -1: absent; -2: contradicting or no number. */
  contentLength = -1;
  /** Every Transfer-Encoding there is, in lower case; null: absent. */
  private coding: string | null = null;
  upgrade = '';
  expectsContinue = false;

  /** @returns false for what is no field */
  add(name: string, value: string): boolean {
    if (!TOKEN.test(name) || UNFIT_VALUE.test(value)) return false;
    const lower = name.toLowerCase();
    if (lower === 'host') this.host = HOST.test(value) ? value : '';
    else if (lower === 'content-length') this.addLength(value);
    else if (lower === 'transfer-encoding') this.addCoding(value.toLowerCase());
    else if (lower === 'upgrade') this.upgrade = value.toLowerCase();
    else if (lower === 'expect') this.expectsContinue = true;
    if (!NOT_REPLAYED.has(lower)) this.headers.push(name, value);
    return true;
  }

  get chunked(): boolean {
    return this.coding !== null;
  }

  /**
   * Whether two servers may find different ends of the body: a length beside a transfer coding, lengths that contradict,
   * or a coding other than `chunked` (RFC 9112, section 6.1). The gateway refuses such a request.
   */
  get ambiguous(): boolean {
    if (this.coding === null) return this.contentLength === -2;
    return this.contentLength !== -1 || this.coding !== 'chunked';
  }

  private addCoding(value: string): void {
    this.coding = this.coding === null ? value : `${this.coding}, ${value}`;
  }

  private addLength(value: string): void {
    const length = /^\d{1,15}$/.test(value) ? Number(value) : -2;
    this.contentLength = this.contentLength === -1 || this.contentLength === length ? length : -2;
  }

  /** The request, once its line and body are known. */
  request(line: Pick<CapturedRequest, 'method' | 'target' | 'body' | 'atMs'>): CapturedRequest {
    const { headers, host, upgrade, expectsContinue } = this;
    return { ...line, headers, host, upgrade, expectsContinue, clientAddress: '', logged: null };
  }
}

/** Text that a log holds, as a field value: what does not fit becomes `?`. */
export function asFieldValue(text: string): string {
  return text.trim().replaceAll(/[^\u0020-\u007e]/g, '?');
}
