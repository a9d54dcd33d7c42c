import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { encodeLine } from './event-line.ts';
import type { SiemLine } from './event-line.ts';

export interface EventWriterOptions {
  /** Names this gateway in every line. */
  readonly node: string;
  /** Appends whole lines; rejects when it cannot. */
  readonly append: (text: string) => Promise<void>;
  readonly nowMs: () => number;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** The same happening, told at a time and not told since. */
interface Told {
  atMs: number;
  repeated: number;
}

/**
 * Lines on their way to the file: de-duplicated, rate-capped, bounded, one write at a time. Whatever the disk does, it
 * never throws and nobody waits for it; what is lost is counted.
 */
export class EventWriter {
  private readonly options: EventWriterOptions;
  private readonly told = new Map<string, Told>();
  private waiting: string[] = [];
  private writing: Promise<void> | null = null;
  private tokens: number = LIMITS.siemLinesBurst;
  private filledMs: number;
  private failing = false;
  /** Lines written, and lines lost to the cap, a full queue or the disk. */
  written = 0;
  lost = 0;
  /** When a line was lost last; null: never. */
  lastLostMs: number | null = null;

  constructor(options: EventWriterOptions) {
    this.options = options;
    this.filledMs = options.nowMs();
  }

  /** Tells something, unless it was told within the last minute. */
  write(line: SiemLine): void {
    const repeated = this.repeats(line.key);
    if (repeated === null) return;
    const text = encodeLine(line, this.options.node, this.options.nowMs(), repeated);
    const fits = Buffer.byteLength(text) <= LIMITS.siemLineBytes;
    if (!fits || this.waiting.length >= LIMITS.siemLinesWaiting || !this.mayWrite()) {
      this.lose(1);
      return;
    }
    this.waiting.push(text);
    this.writing ??= this.drain();
  }

  /** Counts lines that could not be made at all. */
  lose(lines: number): void {
    if (lines === 0) return;
    this.lost += lines;
    this.lastLostMs = this.options.nowMs();
  }

  /** Resolves when everything is written, or after `siemCloseMs`. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LIMITS.siemCloseMs);
    });
    await Promise.race([this.writing ?? Promise.resolve(), late]);
    clearTimeout(timer);
  }

  /** Times that the same was held back since it was told; null: it is held back now. */
  private repeats(key: string | null): number | null {
    if (key === null) return 0;
    const nowMs = this.options.nowMs();
    const before = this.told.get(key);
    const agoMs = before === undefined ? Infinity : nowMs - before.atMs;
    // A clock that was set back must not silence it for longer.
    if (before !== undefined && agoMs >= 0 && agoMs < LIMITS.siemRepeatMs) {
      before.repeated += 1;
      return null;
    }
    this.told.delete(key);
    this.told.set(key, { atMs: nowMs, repeated: 0 });
    const [oldest] = this.told.keys();
    if (this.told.size > LIMITS.siemRepeats && oldest !== undefined) this.told.delete(oldest);
    return before?.repeated ?? 0;
  }

  private mayWrite(): boolean {
    const nowMs = this.options.nowMs();
    const grown = (Math.max(0, nowMs - this.filledMs) / 1_000) * LIMITS.siemLinesPerSec;
    this.tokens = Math.min(LIMITS.siemLinesBurst, this.tokens + grown);
    this.filledMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.options.append(batch.join(''));
        this.written += batch.length;
        this.works();
      } catch (error) {
        this.lose(batch.length);
        this.fails(messageOf(error));
      }
    }
    this.writing = null;
  }

  private works(): void {
    if (this.failing) this.options.log('info', `the SIEM hears again; ${this.lost} lines were lost`);
    this.failing = false;
  }

  /** Said once, until it works again. */
  private fails(why: string): void {
    if (!this.failing) this.options.log('warn', `lines for the SIEM cannot be written and are lost: ${why}`);
    this.failing = true;
  }
}
