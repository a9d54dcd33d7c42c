// HOT: `write` writes the line where it waits for its batch; the disk is never waited for.
import { stickyPosition } from '../core/hash.ts';
import type { Observation } from '../core/observation.ts';
import type { AccessLogConfig } from '../core/snapshot.ts';
import { LineBuffer } from './line-buffer.ts';
import { LogFile } from './log-file.ts';

const FLUSH_MS = 200;
const ALL_SALT = 1;

/** The access log of one worker: JSON lines, appended, never waited for by a request. */
export class AccessLog {
  private config: AccessLogConfig | null;
  private readonly log: (level: 'warn', message: string) => void;
  private readonly lines = new LineBuffer();
  private timer: NodeJS.Timeout | null = null;
  private file: LogFile | null = null;
  /** Files that were written before, for what they dropped and may still drop. */
  private readonly closed: LogFile[] = [];

  constructor(config: AccessLogConfig | null, log: (level: 'warn', message: string) => void) {
    this.config = config;
    this.log = log;
    this.file = this.open(config);
  }

  /** Lines dropped since the start: the disk was too slow or full. */
  get dropped(): number {
    const files = this.file === null ? this.closed : [...this.closed, this.file];
    return files.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /** Takes another file or share from now on; what was noted before still goes to the old file. */
  configure(config: AccessLogConfig | null): void {
    const before = this.config;
    const isSame = before?.file === config?.file && sameRotation(before, config);
    if (!isSame) void this.close();
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

  /** Writes all lines that were noted; what cannot be written in time is dropped and counted. */
  async close(): Promise<void> {
    const { file } = this;
    if (file === null) return;
    this.flush();
    this.file = null;
    this.closed.push(file);
    await file.close();
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
