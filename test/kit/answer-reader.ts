/** A complete answer as the test client saw it. */
export interface ClientAnswer {
  readonly status: number;
  readonly reason: string;
  /** name, value, name, value, … exactly as received. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Statuses of interim answers that came before it. */
  readonly interim: readonly number[];
  /** The connection may carry another request. */
  readonly keepsAlive: boolean;
}

/** The first value of a header in any case, or undefined. */
export function headerOf(answer: ClientAnswer, name: string): string | undefined {
  return headersOf(answer, name)[0];
}

/** All values of a header in any case, in order. */
export function headersOf(answer: ClientAnswer, name: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    if (answer.rawHeaders[at]?.toLowerCase() === name.toLowerCase())
      found.push(answer.rawHeaders[at + 1] ?? '');
  }
  return found;
}

/** The server broke HTTP/1.1. */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError';
}

type State = 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'trailer' | 'until-close' | 'done';

const CRLF = '\r\n';

/** Reads one answer after another from bytes in any slicing; strict, because a test must see what is wrong. */
export class AnswerReader {
  private buffered: Buffer = Buffer.alloc(0);
  private state: State = 'done';
  private method = 'GET';
  private remaining = 0;
  private chunks: Buffer[] = [];
  private interim: number[] = [];
  private head: { status: number; reason: string; rawHeaders: string[]; minor: number } | null = null;

  /** Bytes that no request asked for. */
  get surplusBytes(): number {
    return this.state === 'done' ? this.buffered.length : 0;
  }

  /** Something of the awaited answer has arrived. */
  get begun(): boolean {
    return this.state !== 'done' && (this.state !== 'head' || this.buffered.length > 0);
  }

  /** The next answer belongs to a request with this method. */
  expect(method: string): void {
    this.method = method;
    this.state = 'head';
    this.chunks = [];
    this.interim = [];
    this.head = null;
  }

  /** @returns the answer when it is complete @throws {@link BrokenAnswerError} */
  push(bytes: Buffer): ClientAnswer | null {
    this.buffered = this.buffered.length === 0 ? bytes : Buffer.concat([this.buffered, bytes]);
    while (this.state !== 'done' && this.step());
    return this.finished();
  }

  /** The server closed. @returns the answer if that was its end @throws {@link BrokenAnswerError} when it was cut off */
  end(): ClientAnswer | null {
    if (this.state === 'until-close') {
      this.chunks.push(this.buffered);
      this.buffered = Buffer.alloc(0);
      this.state = 'done';
      return this.finished();
    }
    if (!this.begun) return null;
    throw new BrokenAnswerError(`the answer broke off in its ${this.state}`);
  }

  private finished(): ClientAnswer | null {
    if (this.state !== 'done' || this.head === null) return null;
    const { status, reason, rawHeaders, minor } = this.head;
    this.head = null;
    const connection = values(rawHeaders, 'connection').join(',').toLowerCase();
    const framed = this.remaining !== -1;
    return {
      status,
      reason,
      rawHeaders,
      body: Buffer.concat(this.chunks),
      interim: this.interim,
      keepsAlive: framed && (minor === 1 ? !connection.includes('close') : connection.includes('keep-alive')),
    };
  }

  /** Advances as far as one unit; false when more bytes are needed. */
  private step(): boolean {
    switch (this.state) {
      case 'head':
        return this.readHead();
      case 'length':
      case 'chunk-data':
        return this.readCounted();
      case 'chunk-size':
        return this.readChunkSize();
      case 'trailer':
        return this.readTrailer();
      case 'until-close':
      case 'done':
        break;
    }
    return false;
  }

  private take(length: number): Buffer {
    const taken = this.buffered.subarray(0, length);
    this.buffered = this.buffered.subarray(length);
    return taken;
  }

  private line(): string | null {
    const end = this.buffered.indexOf(CRLF);
    return end < 0 ? null : this.take(end + 2).toString('latin1', 0, end);
  }

  private readHead(): boolean {
    const end = this.buffered.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.buffered.length > 0 && !'HTTP/1.'.startsWith(this.buffered.toString('latin1', 0, 7)))
        throw new BrokenAnswerError(
          `not an HTTP answer: ${JSON.stringify(this.buffered.toString('latin1', 0, 60))}`,
        );
      return false;
    }
    const lines = this.take(end + 4)
      .toString('latin1', 0, end)
      .split(CRLF);
    const match = /^HTTP\/1\.([01]) (\d{3}) ?(.*)$/.exec(lines.shift() ?? '');
    if (match === null) throw new BrokenAnswerError('the status line is malformed');
    const rawHeaders = lines.flatMap((line) => splitField(line));
    const status = Number(match[2]);
    if (status >= 100 && status < 200 && status !== 101) {
      this.interim.push(status);
      return true;
    }
    this.head = { status, reason: match[3] ?? '', rawHeaders, minor: Number(match[1]) };
    this.frame(status, rawHeaders);
    return true;
  }

  /** RFC 9112, section 6.3. */
  private frame(status: number, rawHeaders: string[]): void {
    const lengths = values(rawHeaders, 'content-length');
    const codings = values(rawHeaders, 'transfer-encoding');
    if (lengths.length > 1 || (lengths.length === 1 && codings.length > 0))
      throw new BrokenAnswerError('the answer has two framings');
    this.remaining = 0;
    if (this.method === 'HEAD' || status === 204 || status === 304 || status === 101) this.state = 'done';
    else if (codings.length > 0) this.state = 'chunk-size';
    else if (lengths.length === 0) {
      this.remaining = -1;
      this.state = 'until-close';
    } else {
      if (!/^\d{1,15}$/.test(lengths[0] ?? '')) throw new BrokenAnswerError('Content-Length is no number');
      this.remaining = Number(lengths[0]);
      this.state = this.remaining === 0 ? 'done' : 'length';
    }
  }

  private readCounted(): boolean {
    const part = this.take(Math.min(this.remaining, this.buffered.length));
    if (part.length > 0) this.chunks.push(part);
    this.remaining -= part.length;
    if (this.remaining > 0) return false;
    if (this.state === 'length') {
      this.state = 'done';
      return true;
    }
    if (this.buffered.length < 2) return false;
    if (this.take(2).toString('latin1') !== CRLF)
      throw new BrokenAnswerError('a chunk is longer than its size');
    this.state = 'chunk-size';
    return true;
  }

  private readChunkSize(): boolean {
    const line = this.line();
    if (line === null) return false;
    if (!/^[0-9a-fA-F]{1,12}$/.test(line))
      throw new BrokenAnswerError(`a chunk size is ${JSON.stringify(line)}`);
    this.remaining = Number.parseInt(line, 16);
    this.state = this.remaining === 0 ? 'trailer' : 'chunk-data';
    return true;
  }

  private readTrailer(): boolean {
    const line = this.line();
    if (line === null) return false;
    if (line === '') this.state = 'done';
    return true;
  }
}

function splitField(line: string): [string, string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  if (match === null) throw new BrokenAnswerError(`a header line is ${JSON.stringify(line)}`);
  return [match[1] ?? '', match[2] ?? ''];
}

function values(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}
