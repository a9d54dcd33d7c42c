import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../core/clock.ts';
import { CutoverError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { rehearsalConf } from './nginx-conf.ts';

const LOOK_MS = 10;

/** An NGINX of this machine. */
export interface FoundNginx {
  readonly path: string;
  /** `1.22.1` */
  readonly version: string;
}

/**
 * The `nginx` on the PATH, or in a place where distributions put it; null where there is none. The variable
 * CUTOVER_NGINX names another one, or none when it is empty.
 */
export function findNginx(env: Readonly<Record<string, string | undefined>>): FoundNginx | null {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const usual = folders.filter((folder) => folder !== '').map((folder) => join(folder, 'nginx'));
  const named = env['CUTOVER_NGINX'];
  const path = (named === undefined ? usual : [named]).find(runs);
  if (path === undefined) return null;
  const said = spawnSync(path, ['-v'], { encoding: 'utf8' }).stderr;
  return { path, version: /nginx\/(\S+)/.exec(said ?? '')?.[1] ?? 'of an unknown version' };
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts NGINX with a configuration in a folder of its own and waits until its listeners are open.
 * @param text the configuration with its names filled in
 * @throws CutoverError UPSTREAM with what NGINX says when it does not start
 */
export async function startNginx(
  nginx: FoundNginx,
  name: string,
  prefix: string,
  text: string,
): Promise<Child> {
  mkdirSync(prefix, { recursive: true });
  const conf = join(prefix, 'nginx.conf');
  writeFileSync(conf, rehearsalConf(text, process.getuid?.() === 0));
  const options = { cwd: prefix, env: process.env };
  const child = await startChild(nginx.path, ['-p', prefix, '-c', conf, '-e', 'stderr'], options);
  const deadlineMs = monotonicMs() + LIMITS.rehearsalStartMs;
  // It writes its pid when every listener is open.
  while (!existsSync(join(prefix, 'nginx.pid')) || child.ended() !== null) {
    if (child.ended() !== null || monotonicMs() > deadlineMs) {
      await child.stop();
      throw new CutoverError('UPSTREAM', `the NGINX ${name} does not start:\n${child.err().trimEnd()}`, {
        hint: 'correct its nginx.conf',
        exitCode: 2,
      });
    }
    await sleep(LOOK_MS);
  }
  return child;
}
