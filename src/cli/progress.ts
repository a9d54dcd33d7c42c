import { around, count, rate } from '../report/figures.ts';
import type { Io } from './io.ts';

const TTY_MS = 200;
const PLAIN_MS = 500;
/** Where there is no terminal: a line every 10 s, or every tenth of the way. */
const PLAIN_LINE_MS = 10_000;
const PLAIN_STEP = 0.1;
const BAR_CHARS = 20;
const CLEAR = '\r\u001b[2K';

/** How far long work is. */
export interface Progress {
  /** 0 to 1. */
  readonly done: number;
  readonly sent: number;
  readonly differing: number;
  readonly elapsedMs: number;
}

/** Shows on stderr how far long work is: one line that changes on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  private readonly io: Io;
  private readonly read: () => Progress;
  private readonly timer: NodeJS.Timeout;
  private readonly live: boolean;
  private lastMs = 0;
  private lastDone = 0;

  /** Starts at once. */
  constructor(io: Io, read: () => Progress) {
    this.io = io;
    this.read = read;
    this.live = io.err.isTTY && io.env['TERM'] !== 'dumb';
    this.timer = setInterval(() => this.show(), this.live ? TTY_MS : PLAIN_MS);
  }

  /** A line of its own, above the progress. */
  say(text: string): void {
    this.io.err.write(`${this.live ? CLEAR : ''}${text}\n`);
  }

  /** Ends it; on a terminal the line stays as it is at the end. */
  stop(): void {
    clearInterval(this.timer);
    if (this.live) this.io.err.write(`${this.line(this.read())}\n`);
  }

  private show(): void {
    const now = this.read();
    if (this.live) {
      this.io.err.write(this.line(now));
      return;
    }
    const isDue = now.elapsedMs - this.lastMs >= PLAIN_LINE_MS || now.done - this.lastDone >= PLAIN_STEP;
    if (!isDue) return;
    this.lastMs = now.elapsedMs;
    this.lastDone = now.done;
    this.io.err.write(`${progressText(now)}\n`);
  }

  /** In the place of the line before; one that broke would stay. */
  private line(now: Progress): string {
    return `${CLEAR}${progressText(now).slice(0, this.io.err.columns - 1)}`;
  }
}

/** What came of it: `974 sent, 970 compared, 4 lost in 12 s`. @param elapsedMs milliseconds */
export function summaryText(end: {
  readonly sent: number;
  readonly compared: number;
  readonly elapsedMs: number;
}): string {
  const { sent, compared, elapsedMs } = end;
  const took = elapsedMs < 10_000 ? `${(elapsedMs / 1_000).toFixed(1)} s` : `${count(elapsedMs / 1_000)} s`;
  return `${count(sent)} sent, ${count(compared)} compared, ${count(sent - compared)} lost in ${took}`;
}

/** `5,000 sent, 12 differ  [########------------]  40%  412/s  ETA ~12 s`. */
function progressText({ done, sent, differing, elapsedMs }: Progress): string {
  const full = Math.min(BAR_CHARS, Math.floor(done * BAR_CHARS));
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR_CHARS - full)}]`;
  const seconds = elapsedMs / 1000;
  const perSecond = seconds === 0 ? 0 : sent / seconds;
  const eta = done === 0 || done === 1 ? '' : `  ETA ${around((seconds * (1 - done)) / done)}`;
  const share = `${String(Math.floor(done * 100)).padStart(3)}%`;
  return `${count(sent)} sent, ${count(differing)} differ  ${bar} ${share}  ${rate(perSecond)}/s${eta}`;
}
