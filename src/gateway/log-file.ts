import { monotonicMs } from '../core/clock.ts';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { AccessLogRotation } from '../core/snapshot.ts';
import { LogPlace, type OpenLog } from './log-place.ts';

const NEWLINE = 10;

/** What cannot be written now and can be later, unlike a full disk: a pipe that nobody reads. */
const WAITS = new Set(['EAGAIN', 'ENXIO']);

/**
 * Lines on their way to a file that several processes append to. Lines that go out together are one write, which
 * O_APPEND keeps whole. A full disk loses lines, which are counted; a pipe that nobody reads makes them wait, up to a
 * limit, and the newest are lost.
 */
export class LogFile {
  /** Lines lost since the start. */
  dropped = 0;
  private readonly place: LogPlace;
  private readonly warn: (message: string) => void;
  private waiting: Buffer[] = [];
  /** Of lines that wait or are being written. */
  private bytes = 0;
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private closing = false;
  private complained = false;
  /** A write failed, perhaps in the middle of a line: the next one begins a line of its own. */
  private torn = false;

  /**
   * Opens the file at once, so that what is wrong with it is said before the first line.
   * @param warn told once when lines begin to be lost, or the file cannot be rotated
   */
  constructor(file: string, rotate: AccessLogRotation | null, warn: (message: string) => void) {
    this.place = new LogPlace(file, rotate, warn);
    this.warn = warn;
    this.running = this.begin();
  }

  /** Whether more lines would be dropped: those that are not made yet may wait. */
  get isFull(): boolean {
    return this.bytes >= LIMITS.accessLogBytes;
  }

  /** Whether it is closed and will drop no more lines. */
  get isDone(): boolean {
    return this.closing && this.running === null;
  }

  /** Takes whole lines, each with its line end; they are written soon, in their order, and nobody waits for them. */
  append(lines: string | Buffer): void {
    const bytes = typeof lines === 'string' ? Buffer.from(lines) : lines;
    if (this.isFull || this.closing) {
      this.dropped += countLines(bytes);
      return;
    }
    this.waiting.push(bytes);
    this.bytes += bytes.length;
    if (this.timer === null) this.running ??= this.run();
  }

  /** Writes what waits, for a bounded time, and closes; what is left then is counted as dropped. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.timer !== null) clearTimeout(this.timer);
    const untilMs = monotonicMs() + LIMITS.accessLogCloseMs;
    while ((this.running !== null || this.waiting.length > 0) && monotonicMs() < untilMs) {
      this.running ??= this.run();
      const pause = new Promise((resolve) => setTimeout(resolve, LIMITS.accessLogCloseMs / 20));
      await Promise.race([this.running, pause]);
      if (this.waiting.length > 0) await pause;
    }
    for (const bytes of this.waiting.splice(0)) this.dropped += countLines(bytes);
    if (this.running === null) await this.place.shut();
  }

  private async begin(): Promise<void> {
    try {
      await this.place.ready(0);
    } catch (thrown) {
      if (!WAITS.has(systemCode(thrown))) this.complain(thrown);
    }
    await this.run();
  }

  /** Never throws. */
  private async run(): Promise<void> {
    let waits = false;
    while (this.waiting.length > 0 && !waits) {
      const [first, ...more] = this.waiting.splice(0) as [Buffer, ...Buffer[]];
      const batch = more.length === 0 ? first : Buffer.concat([first, ...more]);
      try {
        await this.write(batch);
        this.complained = false;
      } catch (thrown) {
        waits = WAITS.has(systemCode(thrown));
        this.complain(thrown);
      }
      this.bytes = this.waiting.reduce((sum, { length }) => sum + length, 0);
    }
    this.running = null;
    if (this.waiting.length > 0 && !this.closing) this.tryLater();
  }

  private tryLater(): void {
    this.timer = setTimeout(() => {
      this.timer = null;
      this.running ??= this.run();
    }, LIMITS.accessLogRetryMs).unref();
  }

  /** Writes lines in pieces. When it throws, those that can wait are back in the line, and the others are counted. */
  private async write(lines: Buffer): Promise<void> {
    let rest = lines;
    try {
      const log = await this.place.ready(lines.length);
      while (rest.length > 0) {
        const piece = pieceOf(rest, log.isFile ? LIMITS.accessLogWriteBytes : LIMITS.accessLogPipeBytes);
        const taken = await this.put(log, piece);
        const isWhole = taken === piece.length;
        rest = rest.subarray(isWhole ? taken : piece.lastIndexOf(NEWLINE, taken - 1) + 1);
        if (!isWhole) throw new CutoverError('LOG_SHORT', 'a write was cut short: is the disk full?');
      }
    } catch (thrown) {
      if (WAITS.has(systemCode(thrown))) this.waiting.unshift(rest);
      else {
        this.dropped += countLines(rest);
        await this.place.shut();
      }
      throw thrown;
    }
  }

  /** @returns bytes of the piece that were written */
  private async put({ handle, isFile }: OpenLog, piece: Buffer): Promise<number> {
    const lead = this.torn ? 1 : 0;
    const bytes = this.torn ? Buffer.concat([LINE_END, piece]) : piece;
    // Another process may have torn the line before, when this one wrote nothing: the disk is full for both.
    this.torn = isFile;
    const { bytesWritten } = await handle.write(bytes);
    this.torn = bytesWritten < bytes.length;
    return Math.max(0, bytesWritten - lead);
  }

  private complain(thrown: unknown): void {
    if (!this.complained)
      this.warn(`${messageOf(thrown)}; lines that cannot be written are dropped and counted`);
    this.complained = true;
  }
}

const LINE_END = Buffer.from('\n');

/** As many whole lines as fit, at least one. */
function pieceOf(lines: Buffer, limitBytes: number): Buffer {
  if (lines.length <= limitBytes) return lines;
  const end = lines.lastIndexOf(NEWLINE, limitBytes - 1);
  const cut = end === -1 ? lines.indexOf(NEWLINE) : end;
  return cut === -1 ? lines : lines.subarray(0, cut + 1);
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
