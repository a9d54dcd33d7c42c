import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillPorts } from '../../test/kit/nginx.ts';
import { freePorts, startChild, temporaryFolder } from '../../test/kit/process.ts';
import type { Child } from '../../test/kit/process.ts';
import { until } from '../../test/kit/until.ts';
import { findOnPath } from '../paths.ts';
import { accepts } from '../../test/kit/sockets.ts';
import { readConfig } from '../template.ts';
import { CannotMeasure } from './subject.ts';
import type { Running, Subject, Task } from './subject.ts';

/** Its log goes to a file without passing through this process. */
const COMMAND = 'exec "$0" -db -f haproxy.cfg >access.log 2>error.log';

async function start(path: string, task: Task): Promise<Running> {
  const [plain = 0, tls = 0, mutual = 0] = await freePorts(3);
  const template = readConfig('haproxy.cfg', task.certificate, task);
  const folder = temporaryFolder('cutover-haproxy');
  writeFileSync(
    join(folder.path, 'haproxy.cfg'),
    fillPorts(template, { plain, tls, mutual, legacyServer: task.legacyPort }).text,
  );
  const child = await startChild('/bin/sh', ['-c', COMMAND, path], { cwd: folder.path });
  const stop = async () => {
    await child.stop();
    folder.remove();
  };
  const port = task.certificate === null ? plain : task.clientCaFile === undefined ? tls : mutual;
  try {
    await until(() => alive(child, folder.path) && accepts(port), 'haproxy to accept');
  } catch (error) {
    await stop();
    throw error;
  }
  const scheme = task.certificate === null ? 'http' : 'https';
  return { url: `${scheme}://127.0.0.1:${port}`, pid: child.pid, workers: () => [], stop };
}

function alive(child: Child, folder: string): true {
  if (child.ended() === null) return true;
  throw new Error(`haproxy ended with ${child.ended()}: ${readFileSync(join(folder, 'error.log'), 'utf8')}`);
}

export const haproxy: Subject = {
  name: 'haproxy',
  version: () => {
    const path = findOnPath('haproxy');
    if (path === null) return null;
    const said = spawnSync(path, ['-v'], { encoding: 'utf8' }).stdout ?? '';
    return /version (\d[\d.]*)/.exec(said)?.[1] ?? 'unknown';
  },
  start: (task) => {
    const path = findOnPath('haproxy');
    if (path === null) throw new CannotMeasure('haproxy is not on PATH');
    return start(path, task);
  },
};
