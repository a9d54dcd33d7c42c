import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createGateway } from '../../src/gateway/gateway.ts';
import { gatewayConfig, rolloutView, snapshot } from '../kit/snapshot.ts';

/** A worker's gateway in this process that sends everything to one address; nothing is copied. */
export interface RunningGateway {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Starts it on a free port. */
export async function startGateway(legacyUrl: string): Promise<RunningGateway> {
  const config = gatewayConfig(legacyUrl, legacyUrl);
  const gateway = createGateway({
    snapshot: snapshot(config, rolloutView({ sample: 0 })),
    workers: 1,
    log: () => undefined,
  });
  const [port = 0] = await gateway.listen([0], false);
  const close = async (): Promise<void> => {
    await gateway.drain(0);
    await gateway.close();
  };
  return { port, close };
}

/** One turn of the event loop, in which what was written arrives. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A client connection that keeps what comes back. */
export class FuzzClient {
  text = '';
  over = false;
  readonly socket: Socket;
  private readonly closed: Promise<void>;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      const end = (): void => {
        this.over = true;
        resolve();
      };
      this.socket.on('end', end);
      this.socket.on('close', end);
    });
  }

  /** Sends pieces in turns of their own, then closes this side. @returns everything that came */
  async exchange(pieces: readonly Buffer[]): Promise<string> {
    for (const piece of pieces) {
      this.socket.write(piece);
      if (pieces.length > 1) await turn();
    }
    this.socket.end();
    await this.closed;
    this.socket.destroy();
    return this.text;
  }
}
