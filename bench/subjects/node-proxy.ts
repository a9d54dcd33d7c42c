import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../test/kit/process.ts';
import { until } from '../../test/kit/until.ts';
import type { Running, Subject, Task } from './subject.ts';

/** Starts a proxy script, which prints `ready PORT`. */
async function startScript(script: URL, task: Task): Promise<Running> {
  const file = fileURLToPath(script);
  const child = await startChild(process.execPath, [file, String(task.legacyPort)]);
  try {
    const port = await until(() => {
      if (child.ended() !== null) throw new Error(`${file} ended with ${child.ended()}: ${child.stderr()}`);
      return /ready (\d+)/.exec(child.stdout())?.[1];
    }, `${file} to listen`);
    return { url: `http://127.0.0.1:${port}`, pid: child.pid, stop: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** The plain proxy everybody writes first. The run is void if nginx is not far ahead of it. */
export const nodeHttp: Subject = {
  name: 'node:http',
  version: () => process.versions.node,
  start: (task) => startScript(new URL('./node-http-server.ts', import.meta.url), task),
};

/** The best-known proxy library of today for Node. */
export const httpxy: Subject = {
  name: 'httpxy',
  version: () => {
    const file = new URL('../../node_modules/httpxy/package.json', import.meta.url);
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  },
  start: (task) => startScript(new URL('./httpxy-server.ts', import.meta.url), task),
};
