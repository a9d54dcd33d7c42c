import { spawnSync } from 'node:child_process';
import { findNginx, startNginx } from '../../test/kit/nginx.ts';
import { readConfig } from '../template.ts';
import { CannotMeasure } from './subject.ts';
import type { Subject, Task } from './subject.ts';

function portName(task: Task): string {
  if (task.clientCaFile !== undefined) return 'mutual';
  if (task.certificate !== null) return 'tls';
  if (task.copied === 0) return 'plain';
  return task.copied === 1 ? 'mirroredWhole' : 'mirrored';
}

export const nginx: Subject = {
  name: 'nginx',
  version: () => {
    const path = findNginx();
    if (path === null) return null;
    const said = spawnSync(path, ['-v'], { encoding: 'utf8' }).stderr ?? '';
    return /nginx\/(\S+)/.exec(said)?.[1] ?? 'unknown';
  },
  start: async (task) => {
    const ports = { legacyServer: task.legacyPort, candidateServer: task.candidatePort };
    const running = await startNginx({ text: readConfig('nginx.conf', task.certificate, task), ports });
    if (running === null) throw new CannotMeasure('nginx is not on PATH');
    const url = running.url(portName(task));
    return {
      url: task.certificate === null ? url : url.replace('http:', 'https:'),
      pid: running.pid,
      workers: () => [],
      siblings: { plain: running.url('plain') },
      stop: running.stop,
    };
  },
};
