// HOT: `write` writes the line where it waits for its batch; the disk is never waited for.
import { stickyPosition } from '../core/hash.ts';
import type { Observation } from '../core/observation.ts';
import type { AccessLogConfig } from '../core/snapshot.ts';
import { LineBuffer } from './line-buffer.ts';
import { LogFile } from './log-file.ts';
import { type Refused, RefusedLines } from './refused-line.ts';

const FLUSH_MS = 200;
const ALL_SALT = 1;

/** The access log of one worker: JSON lines, appended, never waited for by a request. */
export class AccessLog {
  private config: AccessLogConfig | null;
  private readonly log: (level: 'warn', message: string) => void;
  private readonly lines = new LineBuffer();
  private timer: NodeJS.Timeout | null = null;
  private readonly refused = new RefusedLines((line) => this.file?.append(line));
  private file: LogFile | null = null;
  /** Files that were written before and are not done yet, each with the end of its close. */
  private readonly closing = new Map<LogFile, Promise<void>>();
  /** Lines dropped by files that are done. */
  private lost = 0;

  constructor(config: AccessLogConfig | null, log: (level: 'warn', message: string) => void) {
    this.config = config;
    this.log = log;
    this.file = this.open(config);
  }

  /** Lines dropped since the start: the disk was too slow or full. */
  get dropped(): number {
    let sum = this.lost + (this.file?.dropped ?? 0);
    for (const { dropped } of this.closing.keys()) sum += dropped;
    return sum;
  }

  /** Takes another file or share from now on; what was noted before still goes to the old file. */
  configure(config: AccessLogConfig | null): void {
    const before = this.config;
    const isSame = before?.file === config?.file && sameRotation(before, config);
    if (!isSame) this.leave();
    this.config = config;
    if (!isSame) this.file = this.open(config);
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
    if (!this.lines.fits(seen)) this.flush();
    this.lines.add(seen);
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Notes a request that was refused before it became an exchange; like failures, whatever the share. */
  writeRefused(describe: () => Refused): void {
    if (this.file !== null) this.refused.note(describe);
  }

  /** Writes all lines that were noted, to former files too; what cannot be written in time is dropped and counted. */
  async close(): Promise<void> {
    this.leave();
    await Promise.all(this.closing.values());
  }

  private leave(): void {
    const { file } = this;
    if (file === null) return;
    this.refused.tellRest();
    this.flush();
    this.file = null;
    this.closing.set(file, this.end(file));
  }

  private async end(file: LogFile): Promise<void> {
    await file.close();
    // A write that hangs may still fail, and its lines count then.
    if (!file.isDone) return;
    this.lost += file.dropped;
    this.closing.delete(file);
  }

  private open(config: AccessLogConfig | null): LogFile | null {
    if (config === null) return null;
    const { file, rotate } = config;
    return new LogFile(file, rotate, (message) => this.log('warn', `access log ${file}: ${message}`));
  }

  /** Hands over what waits; a file that cannot take it drops and counts it. */
  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const batch = this.lines.take();
    if (batch !== null) this.file?.append(batch);
  }
}

function sameRotation(one: AccessLogConfig | null, other: AccessLogConfig | null): boolean {
  return JSON.stringify(one?.rotate ?? null) === JSON.stringify(other?.rotate ?? null);
}
