import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { LIMITS } from '../core/limits.ts';

/** A process of the rehearsal. It stays in the terminal's group, so that Ctrl-C reaches it, too. */
export interface Child {
  readonly pid: number;
  /** The last that it printed. */
  readonly out: () => string;
  readonly err: () => string;
  /** Its exit code, or the name of the signal that ended it; null while it runs. */
  readonly ended: () => number | string | null;
  readonly exited: Promise<number | string>;
  /** It has ended, and so has everybody who writes to its outputs: they are complete. */
  readonly closed: Promise<void>;
  /** Asks it to end, and kills it when it does not in time. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Starts a command. @throws when it cannot be started */
export async function startChild(
  command: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<Child> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return watched(child);
}

function watched(child: ChildProcess): Child {
  const out = tail(child.stdout);
  const err = tail(child.stderr);
  let ended: number | string | null = null;
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = code ?? signal ?? 'unknown';
      resolve(ended);
    });
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    pid: child.pid ?? 0,
    out,
    err,
    ended: () => ended,
    exited,
    closed,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), LIMITS.rehearsalStopMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function tail(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (more: string) => (text = (text + more).slice(-LIMITS.rehearsalOutputChars)));
  return () => text;
}
