import { LIMITS } from '../../core/limits.ts';
import { parseMessage, unreadable } from './message.ts';
import type { Understood } from './message.ts';
import { RecordSplitter } from './record-splitter.ts';
import type { RawRecord } from './record-splitter.ts';
import type { CaptureItem, CaptureReader } from './types.ts';

/** What GoReplay writes after every payload. */
const GOR_SEPARATOR = Buffer.from('\n🐵🙈🙉\n');

/** `type id nanoseconds[ latency]`; type 1 is a request, 2 the answer of that time, 3 the answer to a replay. */
const HEADER = /^([123]) ([0-9A-Za-z-]{1,64}) (\d{1,19})(?: -?\d{1,19})?\r?$/;
const HEADER_BYTES = 128;

/**
 * Reads a GoReplay capture (`--output-file`): payloads of a header line and the raw message, separated by a line of
 * three monkeys. Answers in it are counted as others.
 */
export class GoReplayReader implements CaptureReader {
  others = 0;
  private readonly splitter = new RecordSplitter(GOR_SEPARATOR, LIMITS.captureRecordBytes);
  private records = 0;

  read(chunk: Buffer): CaptureItem[] {
    return this.splitter.push(chunk).flatMap((record) => this.item(record));
  }

  end(cut: boolean): CaptureItem[] {
    const last = this.splitter.end();
    if (last === null) return [];
    return this.item(last).map((item) =>
      cut && item.request !== null ? { ...item, request: null, why: 'truncated' } : item,
    );
  }

  private item({ bytes, offset, tooLong }: RawRecord): CaptureItem[] {
    if (!tooLong && isBlank(bytes)) return [];
    this.records += 1;
    const understood = tooLong ? unreadable('record_too_large') : payload(bytes);
    if (understood !== null) return [{ offset, line: this.records, ...understood }];
    this.others += 1;
    return [];
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.length < HEADER_BYTES && bytes.toString('latin1').trim() === '';
}

/** Null for a payload that is an answer. */
function payload(bytes: Buffer): Understood | null {
  const end = bytes.subarray(0, HEADER_BYTES).indexOf('\n');
  const match = HEADER.exec(bytes.toString('latin1', 0, Math.max(0, end)));
  if (match === null) return unreadable('corrupt');
  if (match[1] !== '1') return null;
  const nanoseconds = BigInt(match[3] ?? '0');
  // Exact to the microsecond: beyond that a double of today has no digits.
  const atMs = Number(nanoseconds / 1000n) / 1000;
  return parseMessage(bytes.subarray(end + 1), atMs);
}
