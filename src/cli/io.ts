import { createInterface } from 'node:readline';
import { userInfo } from 'node:os';
import { messageOf } from '../core/errors.ts';

/** One output stream of the command line. */
interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Size of the terminal in characters; 80 × 24 where there is none. */
  readonly columns: number;
  readonly rows: number;
}

/** Everything a command may touch of its process, so that a test can hand in another world. */
export interface Io {
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Name of the operating system's user, for the audit. */
  readonly who: string;
  /** Prints a question and reads one line (null at the end of input), or null where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string | null>) | null;
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      // Undefined, not false, where the stream is no terminal.
      return (stream.isTTY as boolean | undefined) ?? false;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    // A container may run under a number without a name.
    return `uid ${process.getuid?.() ?? messageOf(error)}`;
  }
}

function askTerminal(signal: AbortSignal): (question: string) => Promise<string | null> {
  return (question) =>
    new Promise((resolve) => {
      const reader = createInterface({ input: process.stdin, output: process.stderr });
      const leave = (line: string | null): void => {
        resolve(line);
        reader.close();
      };
      reader.once('close', () => resolve(null));
      // In raw mode readline gets Ctrl-C as a key; hand it on as the signal it would have been.
      reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      signal.addEventListener('abort', () => leave(null), { once: true });
      reader.question(question, leave);
    });
}

/** The world of the real process. */
export function processIo(signal: AbortSignal): Io {
  const interactive = process.stdin.isTTY && process.stderr.isTTY;
  return {
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    env: process.env,
    signal,
    who: userName(),
    ask: interactive ? askTerminal(signal) : null,
  };
}
