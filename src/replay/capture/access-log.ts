import { LIMITS } from '../../core/limits.ts';
import { parseJsonLine } from './json-line.ts';
import { unreadable } from './message.ts';
import { RecordSplitter } from './record-splitter.ts';
import type { RawRecord } from './record-splitter.ts';
import { parseTextLine } from './text-line.ts';
import type { CaptureItem, CaptureReader } from './types.ts';

const NEWLINE = Buffer.from('\n');

/**
 * Reads an access log line by line: common, combined and JSON lines may even be mixed, as after a change of the
 * format. Comments and blank lines are counted as others.
 */
export class AccessLogReader implements CaptureReader {
  others = 0;
  private readonly splitter = new RecordSplitter(NEWLINE, LIMITS.captureLineBytes);
  private lines = 0;

  read(chunk: Buffer): CaptureItem[] {
    return this.splitter.push(chunk).flatMap((record) => this.item(record, false));
  }

  /** The last line may lack its newline; whoever writes the log may have got no further. */
  end(cut: boolean): CaptureItem[] {
    const last = this.splitter.end();
    return last === null ? [] : this.item(last, true, cut);
  }

  private item({ bytes, offset, tooLong }: RawRecord, isLast: boolean, cut = false): CaptureItem[] {
    this.lines += 1;
    const place = { offset, line: this.lines };
    if (tooLong) return [{ ...place, ...unreadable('record_too_large') }];
    if (isAside(bytes)) {
      this.others += 1;
      return [];
    }
    const isJson = bytes[0] === 0x7b;
    const understood = isJson
      ? parseJsonLine(bytes.toString('utf8'))
      : parseTextLine(bytes.toString('latin1').replace(/\r$/, ''));
    const unfinished = isLast && (cut || understood.why === 'corrupt');
    return [{ ...place, ...(unfinished ? unreadable('truncated') : understood) }];
  }
}

/** A blank line or a comment (W3C logs begin with some). */
function isAside(bytes: Buffer): boolean {
  return bytes.length === 0 || bytes[0] === 0x23 || (bytes.length === 1 && bytes[0] === 0x0d);
}
