import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A process of `child.ts`. */
export interface Child {
  readonly process: ChildProcess;
  /** Complete lines it printed so far, without `ready`. */
  lines(): string[];
  /** Resolves with its exit code, or null when it was killed. */
  readonly ended: Promise<number | null>;
  stderr(): string;
}

/** Starts a writer; it is killed after the test if it still runs. */
export function startChild(what: 'phases' | 'increment' | 'put', file: string, count = 0): Child {
  const script = fileURLToPath(new URL('child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, what, file, String(count)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    lines: () => output.split('\n').slice(1, -1),
    ended,
    stderr: () => errors,
  };
}
