const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '\r\n0\r\n\r\n';
const TWO = 0x32;
/** Place of the first digit of the status: `HTTP/1.1 200`. */
const STATUS_AT = 9;

/** Finds the end of one answer without keeping its body. */
export class AnswerCounter {
  private head: Buffer = Buffer.alloc(0);
  private bodyBytes = 0;
  /** Length of the body; infinite for a chunked one, -1 while the head is not complete. */
  private neededBytes = -1;
  private tail = '';
  isSuccess = false;
  /** The server ends the connection after it. */
  closes = false;

  /** Prepares for the next answer. */
  reset(): void {
    this.head = Buffer.alloc(0);
    this.bodyBytes = 0;
    this.neededBytes = -1;
    this.tail = '';
  }

  /** @returns whether the answer is complete */
  push(bytes: Buffer): boolean {
    if (this.neededBytes < 0) {
      this.head = this.head.length === 0 ? bytes : Buffer.concat([this.head, bytes]);
      const end = this.head.indexOf(HEAD_END);
      if (end < 0) return false;
      const head = this.head.toString('latin1', 0, end);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head);
      this.closes = /\r\nconnection: *close/i.test(head);
      this.neededBytes = length === null ? Number.POSITIVE_INFINITY : Number(length[1]);
      this.bodyBytes = this.head.length - end - HEAD_END.length;
      this.isSuccess = this.head[STATUS_AT] === TWO;
      this.remember(this.head);
    } else {
      this.bodyBytes += bytes.length;
      this.remember(bytes);
    }
    return this.bodyBytes >= this.neededBytes || this.tail === LAST_CHUNK;
  }

  /** Only a chunked body needs its last bytes. */
  private remember(bytes: Buffer): void {
    if (Number.isFinite(this.neededBytes)) return;
    const from = Math.max(0, bytes.length - LAST_CHUNK.length);
    this.tail = (this.tail + bytes.toString('latin1', from)).slice(-LAST_CHUNK.length);
  }
}
