import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { startChild } from './process.ts';
import { until } from './until.ts';

/** A server whose accept queue is full: connections to it get no answer at all, until it hears again. */
export interface DeafServer {
  readonly url: string;
  /** Answers everything with 200 from now on. */
  readonly hear: () => void;
}

const SCRIPT = `
  const server = require('node:http').createServer((_request, response) => response.end('ok'));
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(String(server.address().port)));`;

/** Starts one; it ends with the test. */
export async function deafServer(): Promise<DeafServer> {
  const child = await startChild(process.execPath, ['-e', SCRIPT]);
  const port = Number(await until(() => child.stdout() !== '' && child.stdout(), 'the port'));
  child.signal('SIGSTOP');
  const stat = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  await until(() => /\) T /.test(stat()), 'the server to stand still');
  const queue = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(async () => {
    for (const socket of queue) socket.destroy();
    await child.stop(1);
  });
  await until(() => queue.filter((socket) => !socket.connecting).length === 2, 'a full accept queue');
  const hear = (): void => {
    for (const socket of queue) socket.destroy();
    child.signal('SIGCONT');
  };
  return { url: `http://127.0.0.1:${port}`, hear };
}
