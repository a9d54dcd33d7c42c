import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A child process with its own process group, so that it ends with everything it started. */
export interface Child {
  readonly pid: number;
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Null while it runs; the exit code, or the signal's name, afterwards. */
  readonly ended: () => number | string | null;
  readonly exited: Promise<number | string>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Asks it to end, waits up to `graceMs`, then kills the whole group. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

const groups = new Set<number>();
const folders = new Set<string>();

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** Kills every group that is still there and removes temporary folders: the last line of defence, called on exit. */
export function killAllChildren(): void {
  for (const pid of groups) killGroup(pid);
  groups.clear();
  for (const folder of folders)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  folders.clear();
}

/** A new folder below the system's temporary one, gone at the end of this process at the latest. */
export function temporaryFolder(name: string): { readonly path: string; readonly remove: () => void } {
  guard();
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  folders.add(path);
  const remove = () => {
    folders.delete(path);
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  return { path, remove };
}

let guarded = false;

function guard(): void {
  if (guarded) return;
  guarded = true;
  process.on('exit', killAllChildren);
  for (const [name, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
    process.once(name, () => {
      killAllChildren();
      process.exit(code);
    });
  }
}

/** Starts a command in a process group of its own; both outputs are kept. @throws when it cannot be started */
export async function startChild(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Child> {
  guard();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return watch(child, child.pid ?? 0);
}

function watch(child: ChildProcess, pid: number): Child {
  groups.add(pid);
  let stdout = '';
  let stderr = '';
  let ended: number | string | null = null;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = code ?? signal ?? 'unknown';
      resolve(ended);
    });
  });
  const signal = (name: NodeJS.Signals) => {
    if (ended === null) child.kill(name);
  };
  const stop = async (graceMs = 5_000) => {
    signal('SIGTERM');
    const timer = setTimeout(() => killGroup(pid), graceMs);
    await exited;
    clearTimeout(timer);
    killGroup(pid);
    groups.delete(pid);
  };
  return { pid, stdout: () => stdout, stderr: () => stderr, ended: () => ended, exited, signal, stop };
}

/** Ports of 127.0.0.1 that were free a moment ago, all different: for servers that cannot pick one themselves. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
