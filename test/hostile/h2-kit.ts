import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { CA } from '../kit/certificates.ts';
import { until } from '../kit/until.ts';
import { secured, secureStage } from './tls-kit.ts';
import type { SecureStage } from './tls-kit.ts';

/** A gateway whose HTTPS listener speaks HTTP/2, too. */
export async function h2Stage(): Promise<SecureStage> {
  return await secureStage(secured(undefined, { alpn: ['h2', 'http/1.1'] }));
}

export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const CONTINUATION = 9;
export const END_STREAM = 1;
export const END_HEADERS = 4;

/** One frame (RFC 9113, section 4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field section in which nothing is indexed or packed (RFC 7541, section 6.2.2): every byte is as it is written here. */
export function fields(list: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(list.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** What every request has. */
export function pseudo(path = '/asked', method = 'GET'): [string, string][] {
  return [
    [':method', method],
    [':path', path],
    [':scheme', 'https'],
    [':authority', 'localhost'],
  ];
}

/** A connection that writes what it likes, and reads frames. */
export class RawH2 {
  readonly socket: TLSSocket;
  isOver = false;
  private received: Buffer = Buffer.alloc(0);
  readonly frames: { type: number; flags: number; stream: number; payload: Buffer }[] = [];
  private next = 1;

  constructor(port: number) {
    this.socket = connect({
      port,
      host: '127.0.0.1',
      ca: CA,
      servername: 'localhost',
      ALPNProtocols: ['h2'],
    });
    this.socket.on('data', (chunk: Buffer) => this.read(chunk));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isOver = true));
    this.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0));
    onTestFinished(() => void this.socket.destroy());
  }

  write(...bytes: Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(bytes));
  }

  /** Sends a request without a body. @returns its stream */
  request(list: readonly (readonly [string, string])[], flags = END_STREAM | END_HEADERS): number {
    const stream = this.next;
    this.next += 2;
    this.write(frame(HEADERS, flags, stream, fields(list)));
    return stream;
  }

  /** Waits until a stream, or the connection, is answered or ended. @returns what came of it */
  async outcome(stream: number): Promise<'answered' | 'reset' | 'gone'> {
    const of = (type: number) => this.frames.some((each) => each.type === type && each.stream === stream);
    await until(() => this.isOver || of(HEADERS) || of(RST_STREAM), 'an answer, a reset or the end');
    if (of(HEADERS)) return 'answered';
    return of(RST_STREAM) ? 'reset' : 'gone';
  }

  /** Status of an answer, in the only two ways our server writes it; 0 for none. */
  status(stream: number): number {
    const head = this.frames.find((each) => each.type === HEADERS && each.stream === stream)?.payload;
    const first = head?.[0] ?? 0;
    const indexed: Readonly<Record<number, number>> = {
      0x88: 200,
      0x89: 204,
      0x8b: 304,
      0x8c: 400,
      0x8d: 404,
      0x8e: 500,
    };
    if (indexed[first] !== undefined) return indexed[first];
    return head === undefined ? 0 : -1;
  }

  private read(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    for (;;) {
      if (this.received.length < 9) return;
      const length = this.received.readUIntBE(0, 3);
      if (this.received.length < 9 + length) return;
      const [type, flags] = [this.received[3] as number, this.received[4] as number];
      const stream = this.received.readUInt32BE(5) & 0x7fffffff;
      this.frames.push({ type, flags, stream, payload: this.received.subarray(9, 9 + length) });
      this.received = this.received.subarray(9 + length);
      if (type === SETTINGS && (flags & 1) === 0) this.write(frame(SETTINGS, 1, 0));
    }
  }
}

/** Expects that a genuine client is served beside the attack. */
export async function expectServedH2(on: SecureStage): Promise<void> {
  on.legacy.forget();
  const client = new RawH2(on.port);
  const stream = client.request(pseudo());
  if ((await client.outcome(stream)) !== 'answered' || client.status(stream) !== 200)
    throw new Error(`a genuine request got ${client.status(stream)}`);
  client.socket.destroy();
}
