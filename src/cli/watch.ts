import type { Status } from '../control/schema/status.ts';
import { messageOf } from '../core/errors.ts';
import { time } from './format.ts';
import type { Io } from './io.ts';
import { pause } from './patience.ts';
import { statusLine } from './views/status-line.ts';

/** Shows one reading after the other; each kind of output has its own. */
export interface Display {
  show(status: Status): void;
  /** The gateway did not answer; it is asked again. */
  lost(message: string): void;
}

/** One JSON object per reading and line. */
export function jsonLines(io: Io): Display {
  return {
    show: (status) => io.out.write(`${JSON.stringify(status)}\n`),
    lost: (message) =>
      io.err.write(`${JSON.stringify({ error: { code: 'UNREACHABLE', message, hint: null } })}\n`),
  };
}

/** One line per change, for logs and pipes. */
export function changeLines(io: Io): Display {
  let last = '';
  const print = (line: string, at: string): void => {
    if (line !== last) io.out.write(`${at}${line}\n`);
    last = line;
  };
  return {
    show: (status) => print(statusLine(status), `${time(status.atMs)} `),
    lost: (message) => print(`unreachable: ${message}`, ''),
  };
}

/**
 * Draws over its own last frame, and only that: what was on the terminal before stays. A frame is never taller
 * than the terminal, because lines that have scrolled away cannot be drawn over, and long lines are cut by the
 * terminal instead of wrapped (`?7l`).
 */
export function screen(io: Io, view: (status: Status) => string): Display {
  let drawn = 0;
  const draw = (text: string): void => {
    const lines = fitting(text.trimEnd().split('\n'), io.out.rows - 1);
    const up = drawn === 0 ? '' : `\x1b[${drawn}A`;
    io.out.write(`\x1b[?7l${up}\r${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J\x1b[?7h`);
    drawn = lines.length;
  };
  return {
    show: (status) => draw(view(status)),
    lost: (message) => draw(`the gateway does not answer: ${message}\nIt is asked again until Ctrl-C.`),
  };
}

function fitting(lines: string[], rows: number): string[] {
  if (lines.length <= rows) return lines;
  return [...lines.slice(0, rows - 1), `(${lines.length - rows + 1} more lines: make the terminal higher)`];
}

/** Reads and shows until the signal aborts; the first failure to read is thrown, later ones are shown. */
export async function watch(
  read: () => Promise<Status>,
  display: Display,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  display.show(await read());
  while (await pause(intervalMs, signal)) {
    const status = await read().catch((error: unknown) => messageOf(error));
    if (signal.aborted) return;
    if (typeof status === 'string') display.lost(status);
    else display.show(status);
  }
}
