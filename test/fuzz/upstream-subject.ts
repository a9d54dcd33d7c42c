import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { ANSWERS, answersOf } from './answers.ts';
import type { Draw } from './draw.ts';
import { askOracle } from './llhttp.ts';
import { cut, shown } from './message.ts';
import { askOurs } from './ours.ts';
import { FuzzClient, startGateway, turn } from './running.ts';
import type { Subject } from './subject.ts';

/** A server that answers the next request with given bytes and every other one truthfully. */
interface Liar {
  readonly port: number;
  /** The next request gets these pieces; then the connection ends, or stays. */
  readonly lie: (pieces: readonly Buffer[], ends: boolean) => void;
  /** The lie was told completely. */
  readonly told: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function startLiar(): Promise<Liar> {
  let next: { readonly pieces: readonly Buffer[]; readonly ends: boolean } | null = null;
  let telling: Promise<void> = Promise.resolve();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    let text = '';
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('end', () => socket.end());
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const target = /^\w+ (\S+)[^]*\r\n\r\n/.exec(text)?.[1];
      if (target === undefined) return;
      text = '';
      const lie = next;
      next = null;
      if (lie !== null) telling = tell(socket, lie.pieces, lie.ends);
      else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    lie: (pieces, ends) => (next = { pieces, ends }),
    told: () => telling,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function tell(socket: Socket, pieces: readonly Buffer[], ends: boolean): Promise<void> {
  for (const piece of pieces) {
    if (!socket.destroyed && piece.length > 0) socket.write(piece);
    if (pieces.length > 1) await turn();
  }
  if (ends) socket.end();
  // What was written has arrived at the gateway when the next request comes.
  for (let wait = 0; wait < 3; wait += 1) await turn();
}

/**
 * A real gateway in front of a server that answers anything: each request gets one answer at the most, what the
 * strict parser refuses never arrives as a whole, and the next client gets its own answer.
 */
export async function openUpstreamSubject(): Promise<Subject> {
  const liar = await startLiar();
  const gateway = await startGateway(`http://127.0.0.1:${liar.port}`);
  return {
    name: 'upstream',
    corpus: ANSWERS,
    make: answersOf,
    check: (input, draw) => check(input, draw, liar, gateway.port),
    async close() {
      await gateway.close();
      await liar.close();
    },
  };
}

async function check(input: string, draw: Draw, liar: Liar, port: number): Promise<string | null> {
  const method = draw.once(6) ? 'HEAD' : 'GET';
  const kind = method === 'HEAD' ? 'head' : 'answer';
  const pieces = draw.once(2) ? [Buffer.from(input, 'latin1')] : cut(input, draw.places(input.length, 4));
  // An answer that stays incomplete would be waited for; its server hangs up instead.
  const ours = askOurs([Buffer.from(input, 'latin1')], kind);
  const ends = ours.end === 'partial' || ours.end === 'clean' || draw.once(3) || endsWithClose(input, kind);
  liar.lie(pieces, ends);
  const client = new FuzzClient(port);
  const first = `${method} /lied HTTP/1.1\r\nHost: a\r\n\r\n`;
  const text = await client.exchange([Buffer.from(first)]);
  await liar.told();
  const problem = judge(text, ours.end === 'closed' && ours.messages.some(isFinal), input, kind);
  return problem ?? (await truth(port));
}

function isFinal({ status }: { readonly status: number }): boolean {
  return status >= 200;
}

/** Whether the answer has no end but that of its connection. */
function endsWithClose(input: string, kind: 'head' | 'answer'): boolean {
  return askOurs([Buffer.from(input, 'latin1')], kind).messages.some(
    ({ answer }) => answer?.framing === 'close',
  );
}

function judge(text: string, isWhole: boolean, input: string, kind: 'head' | 'answer'): string | null {
  const { messages, end } = askOracle([Buffer.from(text, 'latin1')], kind);
  const finals = messages.filter(isFinal);
  if (finals.length > 1) return `the client gets ${finals.length} answers: ${shown(text)}`;
  if (end === 'refused') return `the client gets no HTTP: ${shown(text)}`;
  const [answer] = finals;
  // Nothing at all on a reused connection: the request was asked again, and answered truthfully.
  const isAskedAgain = input === '' && answer?.body === (kind === 'head' ? '' : '/lied');
  if (isWhole || isAskedAgain || answer === undefined || answer.status === 502) return null;
  const oracle = askOracle([Buffer.from(input, 'latin1')], kind);
  const wasWhole = oracle.messages.some((message) => isFinal(message) && message.body === answer.body);
  return wasWhole ? null : `a broken answer arrives as a whole one: ${shown(text)}`;
}

let truths = 0;

async function truth(port: number): Promise<string | null> {
  truths += 1;
  const target = `/truth/${truths}`;
  const request = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
  const text = await new FuzzClient(port).exchange([Buffer.from(request)]);
  return text.endsWith(`\r\n\r\n${target}`) ? null : `after it, a plain request is answered ${shown(text)}`;
}
