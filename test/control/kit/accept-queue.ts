import { fork } from 'node:child_process';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

// Run in a network namespace of its own: two processes listen on one port; connections wait in the accept queue of one
// that is stopped and then killed. Prints how many of them were answered by the other one, and how many were reset.

const CONNECTIONS = 60;

function listen(port: number): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('ok');
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, reusePort: true }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

function visit(port: number): { answered: boolean; ended: Promise<string> } {
  const seen = { answered: false, ended: Promise.resolve('') };
  const socket = connect({ host: '127.0.0.1', port });
  seen.ended = new Promise((resolve) => {
    socket.on('data', () => (seen.answered = true));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('close', () => resolve(seen.answered ? 'answered' : 'closed'));
  });
  return seen;
}

async function main(): Promise<void> {
  const port = await listen(0);
  const other = fork(import.meta.filename, [String(port)]);
  await new Promise((resolve) => other.once('message', resolve));
  other.kill('SIGSTOP');
  const visits = Array.from({ length: CONNECTIONS }, () => visit(port));
  // About half of them hash to the one that is stopped; the rest is answered at once.
  await Promise.race([
    Promise.all(visits.map(({ ended }) => ended)),
    new Promise((done) => setTimeout(done, 500)),
  ]);
  const waiting = visits.filter(({ answered }) => !answered);
  other.kill('SIGKILL');
  const ends = await Promise.all(waiting.map(({ ended }) => ended));
  const moved = ends.filter((end) => end === 'answered').length;
  process.stdout.write(JSON.stringify({ waiting: waiting.length, moved }));
  process.exit(0);
}

const [, , port] = process.argv;
if (port === undefined) await main();
else {
  await listen(Number(port));
  process.send?.('listening');
}
