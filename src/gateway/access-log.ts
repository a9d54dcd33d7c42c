// HOT: `write` only queues the observation; lines are made and written in batches.
import { wallMs } from '../core/clock.ts';
import { stickyPosition } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { Observation } from '../core/observation.ts';
import type { AccessLogConfig } from '../core/snapshot.ts';
import { LogFile } from './log-file.ts';

const FLUSH_MS = 200;
/** Lines of one batch, so that making them never holds the loop for long. */
const BATCH_LINES = 500;
const ALL_SALT = 1;

interface Line {
  readonly atMs: number;
  readonly seen: Observation;
}

/** The access log of one worker: JSON lines, appended, never waited for by a request. */
export class AccessLog {
  private config: AccessLogConfig | null;
  private readonly log: (level: 'warn', message: string) => void;
  private queue: Line[] = [];
  private timer: NodeJS.Timeout | null = null;
  private file: LogFile | null = null;
  /** Lines that were not made. */
  private lost = 0;
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
    return files.reduce((sum, { dropped }) => sum + dropped, this.lost);
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
    if (this.queue.length >= LIMITS.accessLogLines) {
      this.lost += 1;
      return;
    }
    this.queue.push({ atMs: wallMs(), seen });
    this.timer ??= setTimeout(() => this.flushSoon(), FLUSH_MS).unref();
  }

  /** Makes and writes all lines that were noted; what cannot be written in time is dropped and counted. */
  async close(): Promise<void> {
    const { file } = this;
    if (file === null) return;
    while (this.queue.length > 0) file.append(this.nextLines());
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.file = null;
    this.closed.push(file);
    await file.close();
  }

  private open(config: AccessLogConfig | null): LogFile | null {
    if (config === null) return null;
    const { file, rotate } = config;
    return new LogFile(file, rotate, (message) => this.log('warn', `access log ${file}: ${message}`));
  }

  /** Makes the lines of one batch; further ones are made in the next turn, or when the disk has taken some. */
  private flushSoon(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { file } = this;
    if (file === null) return;
    if (!file.isFull) file.append(this.nextLines());
    if (this.queue.length > 0)
      this.timer = setTimeout(() => this.flushSoon(), file.isFull ? FLUSH_MS : 0).unref();
  }

  private nextLines(): string {
    return this.queue.splice(0, BATCH_LINES).map(lineOf).join('');
  }
}

function sameRotation(one: AccessLogConfig | null, other: AccessLogConfig | null): boolean {
  return JSON.stringify(one?.rotate ?? null) === JSON.stringify(other?.rotate ?? null);
}

let secondMs = Number.NaN;
let secondText = '';

/** ISO 8601 with milliseconds; the part up to the second is made once a second. */
function isoTime(atMs: number): string {
  const startMs = atMs - (((atMs % 1000) + 1000) % 1000);
  if (startMs !== secondMs) {
    secondMs = startMs;
    secondText = new Date(startMs).toISOString().slice(0, -'000Z'.length);
  }
  return `${secondText}${String(atMs - startMs).padStart(3, '0')}Z`;
}

/**
 * One line. Names follow OpenTelemetry's HTTP conventions where it has one; the query is left out. Written by hand,
 * at a third of the cost of one `JSON.stringify`: only what a client sends is quoted, the rest is numbers and names.
 */
function lineOf({ atMs, seen }: Line): string {
  const text = JSON.stringify;
  return (
    `{"time":"${isoTime(atMs)}","http.request.method":${text(seen.method)},"url.path":${text(seen.path)}` +
    `,"server.address":${text(seen.host)},"client.address":${text(seen.clientAddress)}` +
    `,"http.response.status_code":${seen.status},"request_id":${text(seen.requestId)}` +
    `,"lane":"${seen.answeredBy}","assigned":"${seen.assigned}","phase":"${seen.phase}"` +
    `,"epoch":${seen.epoch},"revision":${seen.revision},"route":${text(seen.route)},"region":${text(seen.region)}` +
    `,"failure":${text(seen.failure)},"copy":${text(seen.copy)},"duration_us":${seen.durationUs}` +
    `,"service_us":${seen.serviceUs},"bytes_in":${seen.bytesIn},"bytes_out":${seen.bytesOut}}\n`
  );
}
