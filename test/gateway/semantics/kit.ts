import type { Socket } from 'node:net';
import type { GatewayConfig, RolloutView } from '../../../src/core/snapshot.ts';
import { inProcessGateway } from '../../kit/in-process.ts';
import type { InProcessGateway } from '../../kit/in-process.ts';
import { rawServer } from '../../wire/kit.ts';

/** One connection of the gateway to a lane, in bytes. */
export interface LaneConnection {
  readonly socket: Socket;
  /** Everything received on it. */
  text: string;
  ended: boolean;
  closed: boolean;
}

/** What a lane answers to one complete request (head and body), as bytes; null for nothing. */
type Answer = (request: string, connection: LaneConnection) => string | null;

/** A server that keeps every byte it gets. */
export interface RawLane {
  readonly url: string;
  readonly connections: LaneConnection[];
  /** Complete requests, in the order they came, whatever the connection. */
  readonly requests: string[];
}

/** Answers each complete request, whatever its framing. */
export async function rawLane(answer: string | Answer): Promise<RawLane> {
  const connections: LaneConnection[] = [];
  const requests: string[] = [];
  const { port } = await rawServer((socket) => {
    const connection = { socket, text: '', ended: false, closed: false };
    connections.push(connection);
    let done = 0;
    let asksToSwitch = false;
    socket.on('end', () => (connection.ended = true));
    socket.on('close', () => (connection.closed = true));
    socket.on('data', (chunk: Buffer) => {
      connection.text += chunk.toString('latin1');
      // What follows a request for another protocol is not HTTP.
      if (asksToSwitch) return;
      for (let end = endOfRequest(connection.text, done); end !== -1;) {
        const request = connection.text.slice(done, end);
        done = end;
        requests.push(request);
        asksToSwitch = valuesOf(request, 'upgrade').length > 0;
        const said = typeof answer === 'string' ? answer : answer(request, connection);
        if (said === null) return;
        socket.write(said, 'latin1');
        end = endOfRequest(connection.text, done);
      }
    });
  });
  return { url: `http://127.0.0.1:${port}`, connections, requests };
}

/** Index behind the request that begins at `from`, or -1 when it is not complete. */
function endOfRequest(text: string, from: number): number {
  const body = text.indexOf('\r\n\r\n', from) + 4;
  if (body === 3) return -1;
  const head = text.slice(from, body).toLowerCase();
  if (head.includes('transfer-encoding:')) {
    const last = text.indexOf('0\r\n\r\n', body);
    return last === -1 ? -1 : last + 5;
  }
  const end = body + Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
  return text.length < end ? -1 : end;
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A gateway in front of a legacy lane that is looked at byte by byte; nothing is copied unless asked for. */
export interface Stage {
  readonly port: number;
  readonly legacy: RawLane;
  readonly candidate: RawLane;
  readonly gateway: InProcessGateway;
}

/** Starts it; everything ends with the test. */
export async function stage(
  answer: string | Answer = OK,
  config: Partial<GatewayConfig> = {},
  rollout: Partial<RolloutView> = { sample: 0 },
): Promise<Stage> {
  const legacy = await rawLane(answer);
  const candidate = await rawLane(answer);
  const gateway = await inProcessGateway({ legacy, candidate }, rollout, {
    explainHeaders: false,
    ...config,
  });
  return { port: Number(new URL(gateway.url).port), legacy, candidate, gateway };
}

/** Lines of a head, without what differs from run to run. */
export function linesOf(message: string): string[] {
  const end = message.indexOf('\r\n\r\n');
  const lines = message.slice(0, end === -1 ? message.length : end).split('\r\n');
  return lines.filter((line) => !/^(?:x-request-id|traceparent|x-forwarded-\w+|x-real-ip|date):/i.test(line));
}

/** Values of one field of a head. */
export function valuesOf(message: string, name: string): string[] {
  const [head = ''] = message.split('\r\n\r\n', 1);
  const prefix = `${name.toLowerCase()}:`;
  const lines = head.split('\r\n').filter((line) => line.toLowerCase().startsWith(prefix));
  return lines.map((line) => line.slice(prefix.length).trim());
}

/** What follows a head. */
export function bodyOf(message: string): string {
  return message.slice(message.indexOf('\r\n\r\n') + 4);
}
