import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import type { GatewayConfig, RolloutView } from '../../src/core/snapshot.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import type { InProcessGateway } from '../kit/in-process.ts';
import { until } from '../kit/until.ts';
import { LenientUpstream } from './lenient-upstream.ts';
import type { Answering } from './lenient-upstream.ts';

/** A real gateway between raw client sockets and two servers that record every byte. */
export interface Stage {
  readonly legacy: LenientUpstream;
  readonly candidate: LenientUpstream;
  readonly gateway: InProcessGateway;
  readonly port: number;
  /** Sends bytes on a connection of its own, closes that side, and gives back all that came. */
  readonly send: (bytes: string) => Promise<string>;
  readonly client: () => RawClient;
}

/** What a stage is built with. */
interface Staging {
  readonly answering?: Answering;
  readonly rollout?: Partial<RolloutView>;
  readonly config?: (lanes: {
    legacy: LenientUpstream;
    candidate: LenientUpstream;
  }) => Partial<GatewayConfig>;
}

/** Builds it; everything ends with the test. Nothing is copied unless the rollout says so. */
export async function stage({ answering, rollout, config }: Staging = {}): Promise<Stage> {
  const legacy = await LenientUpstream.start(answering);
  const candidate = await LenientUpstream.start(answering);
  onTestFinished(async () => {
    await legacy.stop();
    await candidate.stop();
  });
  const lanes = { legacy, candidate };
  const gateway = await inProcessGateway(lanes, { sample: 0, reverseSample: 0, ...rollout }, config?.(lanes));
  failOnDefects();
  const port = Number(new URL(gateway.url).port);
  return {
    ...lanes,
    gateway,
    port,
    client: () => new RawClient(port),
    async send(bytes) {
      const client = new RawClient(port);
      client.write(bytes);
      client.socket.end();
      await client.over();
      return client.text;
    },
  };
}

/** Nothing a peer sends may throw out of a callback: such a warning makes the test red. */
function failOnDefects(): void {
  const seen: string[] = [];
  const onWarning = (warning: Error): void => {
    if (warning.name === 'WireDefect') seen.push(warning.message);
  };
  process.on('warning', onWarning);
  onTestFinished(() => {
    process.off('warning', onWarning);
    expect(seen).toEqual([]);
  });
}

/** A client that sends bytes as they are and keeps what comes back. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  ended = false;
  /** The operating system's code of a reset, or ''. */
  error = '';

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    this.socket.on('end', () => (this.ended = true));
    this.socket.on('close', () => (this.ended = true));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code ?? 'error'));
    onTestFinished(() => void this.socket.destroy());
  }

  write(bytes: string): void {
    if (!this.socket.destroyed) this.socket.write(bytes, 'latin1');
  }

  /** Waits until this text has come. */
  async sees(text: string): Promise<void> {
    await until(() => this.text.includes(text), `${text} in ${JSON.stringify(this.text.slice(0, 300))}`);
  }

  /** Waits until the gateway has ended the connection. */
  async over(timeoutMs?: number): Promise<void> {
    await until(() => this.ended, `the end after ${JSON.stringify(this.text.slice(0, 300))}`, timeoutMs);
  }
}

/** The statuses of the answers in what a client got, in order. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** A GET with these fields, each line without its end. */
export function get(target: string, ...fields: string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n');
}

/** A POST with these fields and this body. */
export function post(fields: readonly string[], body: string): string {
  return `${['POST /first HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n')}${body}`;
}

/** A request that must never be seen when it was sent as part of another. */
export const SMUGGLED = get('/smuggled');

/** Expects that bytes are refused with this status and that no server saw a byte of any request. */
export async function expectRefused(on: Stage, bytes: string, status = 400): Promise<void> {
  on.legacy.forget();
  const text = await on.send(bytes);
  expect({ bytes, statuses: statuses(text) }).toEqual({ bytes, statuses: [status] });
  expect(on.legacy.bytes).toBe('');
  expect(on.candidate.bytes).toBe('');
}

/** Expects that a plain request of the next client is served as if nothing had been sent before it. */
export async function expectUnharmed(on: Stage): Promise<void> {
  on.legacy.forget();
  const text = await on.send(get('/next'));
  expect(text.endsWith('\r\n\r\nGET /next')).toBe(true);
  expect(on.legacy.lines).toEqual(['GET /next']);
}

/** How long a test waits for what must happen soon: a busy machine is no failure. */
export const PATIENT = { timeout: 10_000, interval: 10 } as const;
