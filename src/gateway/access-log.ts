// HOT: `write` writes the line where it waits; batches are written off the request path.
import { appendFile } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';
import { stickyPosition } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { Observation } from '../core/observation.ts';
import type { AccessLogConfig } from '../core/snapshot.ts';
import { LineBuffer } from './line-buffer.ts';
import type { LineBatch } from './line-buffer.ts';

const FLUSH_MS = 200;
const ALL_SALT = 1;

/** The access log of one worker: JSON lines, appended, never waited for by a request. */
export class AccessLog {
  private config: AccessLogConfig | null;
  private readonly log: (level: 'warn', message: string) => void;
  private readonly waiting = new LineBuffer();
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();
  private busy = false;
  private complained = false;
  /** Lines dropped since the start: the disk was too slow or full. */
  dropped = 0;

  constructor(config: AccessLogConfig | null, log: (level: 'warn', message: string) => void) {
    this.config = config;
    this.log = log;
  }

  /** Takes another file or share from now on. */
  configure(config: AccessLogConfig | null): void {
    this.config = config;
  }

  /** Notes one exchange; failures always, the rest by the configured share. */
  write(seen: Observation): void {
    const { config } = this;
    if (config === null) return;
    if (
      config.sample < 1 &&
      seen.failure === null &&
      stickyPosition(ALL_SALT, seen.requestId) >= config.sample
    )
      return;
    const { waiting } = this;
    if (waiting.lines >= LIMITS.accessLogLines) {
      this.dropped += 1;
      return;
    }
    waiting.add(seen);
    if (waiting.hasFull && !this.busy) this.flushSoon();
    else this.timer ??= setTimeout(() => this.flushSoon(), FLUSH_MS).unref();
  }

  /** Writes everything that is queued. */
  async close(): Promise<void> {
    while (this.waiting.lines > 0 || this.busy) {
      this.flushSoon();
      await this.writing;
    }
  }

  private flushSoon(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (!this.busy) this.writing = this.flush();
  }

  /** Every batch that is complete, the last one also when it is not. */
  private async flush(): Promise<void> {
    this.busy = true;
    const { waiting } = this;
    do {
      const batch = waiting.take();
      if (batch !== null && this.config !== null) await this.append(this.config.file, batch);
      if (batch !== null) waiting.giveBack(batch);
    } while (waiting.hasFull);
    this.busy = false;
    if (waiting.lines > 0) this.timer ??= setTimeout(() => this.flushSoon(), FLUSH_MS).unref();
  }

  private async append(file: string, batch: LineBatch): Promise<void> {
    try {
      await appendFile(file, batch.bytes);
      this.complained = false;
    } catch (thrown) {
      this.dropped += batch.lines;
      if (!this.complained)
        this.log('warn', `access log: ${messageOf(thrown)}; lines are dropped and counted`);
      this.complained = true;
    }
  }
}
