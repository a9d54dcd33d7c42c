import { createReadStream, openSync, readSync, closeSync, fstatSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { CutoverError, messageOf, systemCode } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import { formatOf, readerOf } from './format.ts';
import type { CaptureFormat, CaptureItem, CaptureReader } from './types.ts';

/** What can be said of a capture before it is read. */
export interface CaptureFacts {
  readonly file: string;
  readonly format: CaptureFormat;
  readonly compressed: boolean;
  /** As it lies on the disk. */
  readonly bytes: number;
  /** Of its size and its first bytes: whether a replay goes on with the same capture. */
  readonly fingerprint: string;
}

/** A capture that is read once, from its start to its end, never held as a whole. */
export class CaptureFile {
  readonly facts: CaptureFacts;
  /** Bytes read from the disk so far. */
  bytesRead = 0;
  /** Why the file ended before its end (a compressed one that was cut short), or null. */
  cut: string | null = null;
  private readonly reader: CaptureReader;

  /**
   * @param format instead of what its first bytes say
   * @throws CutoverError CAPTURE when it cannot be opened or is empty
   */
  constructor(file: string, format: CaptureFormat | null) {
    const { bytes, head } = explained(file, () => headOf(file));
    if (head.length === 0) throw captureError(file, 'it is empty', null);
    const compressed = head[0] === 0x1f && head[1] === 0x8b;
    const plain = compressed ? unpackedHead(head) : head;
    this.facts = {
      file,
      format: format ?? formatOf(plain),
      compressed,
      bytes,
      fingerprint: sha256Hex(Buffer.concat([Buffer.from(`${bytes}\n`), head])).slice(0, 32),
    };
    this.reader = readerOf(this.facts.format);
  }

  /** Records that are no requests by their nature, so far. */
  get others(): number {
    return this.reader.others;
  }

  /**
   * Every record in its order, those of one chunk together; no more is read than is taken.
   * @throws CutoverError CAPTURE when the disk fails
   */
  async *batches(): AsyncGenerator<readonly CaptureItem[]> {
    const { file } = this.facts;
    try {
      for await (const chunk of this.chunks()) yield this.reader.read(chunk);
    } catch (error) {
      // What came before stands; what zlib says is about the file, not about this machine.
      if (!systemCode(error).startsWith('Z_')) throw captureError(file, messageOf(error), error);
      this.cut = messageOf(error);
    }
    yield this.reader.end(this.cut !== null);
  }

  private async *chunks(): AsyncGenerator<Buffer> {
    const source = createReadStream(this.facts.file, { highWaterMark: LIMITS.captureChunkBytes });
    const stream = this.facts.compressed
      ? pipeline(source, createGunzip({ chunkSize: LIMITS.captureChunkBytes }), () => {})
      : source;
    try {
      for await (const chunk of stream) {
        this.bytesRead = source.bytesRead;
        yield chunk as Buffer;
      }
    } finally {
      source.destroy();
      stream.destroy();
    }
  }
}

function headOf(file: string): { readonly bytes: number; readonly head: Buffer } {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(LIMITS.captureHeadBytes);
    const length = readSync(descriptor, head, 0, head.length, 0);
    return { bytes: fstatSync(descriptor).size, head: head.subarray(0, length) };
  } finally {
    closeSync(descriptor);
  }
}

/** What the first bytes of a compressed file unpack to, as far as they go. */
function unpackedHead(head: Buffer): Buffer {
  try {
    return gunzipSync(head, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: LIMITS.captureRecordBytes,
    }).subarray(0, LIMITS.captureHeadBytes);
  } catch {
    return Buffer.alloc(0);
  }
}

function explained<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw captureError(file, messageOf(error), error);
  }
}

function captureError(file: string, why: string, cause: unknown): CutoverError {
  return new CutoverError('CAPTURE', `${file} cannot be read: ${why}`, {
    hint: 'a GoReplay capture, an access log or a HAR file, plain or compressed by gzip',
    exitCode: 2,
    cause,
  });
}
