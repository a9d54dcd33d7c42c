import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild, temporaryFolder } from '../../test/kit/process.ts';
import { until } from '../../test/kit/until.ts';
import { CannotMeasure } from './subject.ts';
import type { Running, Subject, Task } from './subject.ts';

/** Starts a proxy script in a folder of its own, where its access log goes; it prints `ready PORT`. */
async function startScript(script: URL, task: Task): Promise<Running> {
  const file = fileURLToPath(script);
  const folder = temporaryFolder('cutover-bench-node');
  const { legacyPort, certificate, clientCaFile, keys } = task;
  const job = JSON.stringify({ legacyPort, certificate, clientCaFile, keySetFile: keys?.keySetFile });
  const child = await startChild(process.execPath, [file, job], { cwd: folder.path });
  const stop = async () => {
    await child.stop();
    folder.remove();
  };
  try {
    const port = await until(() => {
      if (child.ended() !== null) throw new Error(`${file} ended with ${child.ended()}: ${child.stderr()}`);
      return /ready (\d+)/.exec(child.stdout())?.[1];
    }, `${file} to listen`);
    const scheme = certificate === null ? 'http' : 'https';
    return { url: `${scheme}://127.0.0.1:${port}`, pid: child.pid, workers: () => [], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The plain proxy everybody writes first. The run is void if nginx is not far ahead of it. */
export const nodeHttp: Subject = {
  name: 'node:http',
  version: () => process.versions.node,
  start: (task) => startScript(new URL('./node-http-server.ts', import.meta.url), task),
};

/** A proxy script that is made of a package. */
function packaged(name: string, packageName: string, script: string): Subject {
  const manifest = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  return {
    name,
    version: () =>
      existsSync(manifest)
        ? (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
        : null,
    start: (task) => {
      if (!existsSync(manifest)) throw new CannotMeasure(`${packageName} is not installed: npm ci`);
      return startScript(new URL(script, import.meta.url), task);
    },
  };
}

/** `node:http` towards the clients, undici's pool towards the server: the fastest of the usual ways. */
export const undici = packaged('undici', 'undici', './undici-server.ts');

/** The best-known proxy library of today for Node. */
export const httpxy = packaged('httpxy', 'httpxy', './httpxy-server.ts');

/** The proxy of Fastify users. */
export const fastify = packaged('fastify', '@fastify/reply-from', './fastify-server.ts');
