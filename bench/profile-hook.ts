import { rmSync } from 'node:fs';
import { Session } from 'node:inspector';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into every process of a gateway by `--import`: a worker listens on a socket and takes a CPU profile while
 * somebody is connected. The first line that comes in ends it; the answer is the profile as JSON.
 */
const SAMPLING_US = 250;
const folder = process.env['CUTOVER_BENCH_PROFILE'];
const isWorker = isMainThread && /[\\/]control[\\/]worker\.[jt]s$/.test(process.argv[1] ?? '');

if (folder !== undefined && isWorker) {
  const server = createServer((socket) => {
    const session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: SAMPLING_US });
    session.post('Profiler.start', () => socket.write('started\n'));
    socket.on('error', () => {});
    socket.once('data', () => {
      session.post('Profiler.stop', (error, result) => {
        session.disconnect();
        socket.end(error === null ? JSON.stringify(result.profile) : '');
      });
    });
  });
  const path = join(folder, `${process.pid}.sock`);
  process.on('exit', () => rmSync(path, { force: true }));
  server.listen(path);
  server.unref();
}
