// HOT: `write` only queues the observation; lines are made and written in batches.
import { appendFile } from 'node:fs/promises';
import { wallMs } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { stickyPosition } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { Observation } from '../core/observation.ts';
import type { AccessLogConfig } from '../core/snapshot.ts';

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
    if (this.queue.length >= LIMITS.accessLogLines) {
      this.dropped += 1;
      return;
    }
    this.queue.push({ atMs: wallMs(), seen });
    this.timer ??= setTimeout(() => this.flushSoon(), FLUSH_MS).unref();
  }

  /** Writes everything that is queued. */
  async close(): Promise<void> {
    while (this.queue.length > 0 || this.busy) {
      this.flushSoon();
      await this.writing;
    }
  }

  private flushSoon(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (!this.busy) this.writing = this.flush();
  }

  private async flush(): Promise<void> {
    this.busy = true;
    while (this.queue.length > 0 && this.config !== null) {
      const batch = this.queue.splice(0, BATCH_LINES);
      await this.append(this.config.file, batch);
    }
    this.busy = false;
  }

  private async append(file: string, batch: readonly Line[]): Promise<void> {
    try {
      await appendFile(file, batch.map(lineOf).join(''));
      this.complained = false;
    } catch (thrown) {
      this.dropped += batch.length;
      if (!this.complained)
        this.log('warn', `access log: ${messageOf(thrown)}; lines are dropped and counted`);
      this.complained = true;
    }
  }
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
