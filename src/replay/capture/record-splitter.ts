const NOTHING = Buffer.alloc(0);

/** The bytes between two separators. */
export interface RawRecord {
  /** Empty when it was too long. */
  readonly bytes: Buffer;
  /** Bytes from the start of the stream. */
  readonly offset: number;
  readonly tooLong: boolean;
}

/**
 * Splits a stream at a separator, wherever chunks are cut. A record over the limit is dropped while it arrives, and
 * the next one is found all the same.
 */
export class RecordSplitter {
  private readonly separator: Buffer;
  private readonly maxBytes: number;
  /** Bytes of the record that has begun and in which no separator can begin any more. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Its last bytes: a separator may have begun. */
  private tail: Buffer = NOTHING;
  private tooLong = false;
  private offset = 0;

  constructor(separator: Buffer, maxBytes: number) {
    this.separator = separator;
    this.maxBytes = maxBytes;
  }

  /** The records that end in this chunk. */
  push(chunk: Buffer): RawRecord[] {
    const data = this.tail.length === 0 ? chunk : Buffer.concat([this.tail, chunk]);
    this.tail = NOTHING;
    const records: RawRecord[] = [];
    let from = 0;
    for (let at = data.indexOf(this.separator); at !== -1; at = data.indexOf(this.separator, from)) {
      this.hold(data.subarray(from, at));
      records.push(this.take(this.separator.length));
      from = at + this.separator.length;
    }
    const keep = Math.max(from, data.length - (this.separator.length - 1));
    this.hold(data.subarray(from, keep));
    this.tail = data.subarray(keep);
    return records;
  }

  /** What comes after the last separator; null when nothing does. */
  end(): RawRecord | null {
    this.hold(this.tail);
    this.tail = NOTHING;
    return this.heldBytes === 0 ? null : this.take(0);
  }

  private hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.heldBytes += bytes.length;
    if (this.heldBytes <= this.maxBytes) this.held.push(bytes);
    else {
      this.tooLong = true;
      this.held = [];
    }
  }

  private take(separatorBytes: number): RawRecord {
    const bytes = this.held.length === 1 ? (this.held[0] as Buffer) : Buffer.concat(this.held);
    const record = { bytes, offset: this.offset, tooLong: this.tooLong };
    this.offset += this.heldBytes + separatorBytes;
    this.held = [];
    this.heldBytes = 0;
    this.tooLong = false;
    return record;
  }
}
