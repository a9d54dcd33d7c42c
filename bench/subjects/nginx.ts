import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findNginx, startNginx } from '../../test/kit/nginx.ts';
import type { Nginx } from '../../test/kit/nginx.ts';
import type { Subject } from './subject.ts';

/** Starts a committed configuration of the bench. @throws when there is no nginx: without it there is no ratio */
export async function startCommitted(
  file: string,
  ports: Readonly<Record<string, number>> = {},
): Promise<Nginx> {
  const running = await startNginx({ file: fileURLToPath(new URL(`../${file}`, import.meta.url)), ports });
  if (running === null) throw new Error('the bench needs nginx on PATH: apt-get install nginx');
  return running;
}

export const nginx: Subject = {
  name: 'nginx',
  version: () => {
    const said = spawnSync(findNginx() ?? 'nginx', ['-v'], { encoding: 'utf8' }).stderr ?? '';
    return /nginx\/(\S+)/.exec(said)?.[1] ?? 'unknown';
  },
  start: async (task) => {
    const ports = { legacyServer: task.legacyPort, candidateServer: task.candidatePort };
    const running = await startCommitted('nginx.conf', ports);
    const url = running.url(task.copied > 0 ? 'mirrored' : 'plain');
    return { url, pid: running.pid, stop: running.stop };
  },
};
