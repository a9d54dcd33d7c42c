import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { accepted, WireSocket, type SocketOwner } from '../../src/wire/socket.ts';
import { returnWriteBuffer, takeWriteBuffer } from '../../src/wire/write-buffers.ts';
import { until } from '../kit/until.ts';
import { atEnd } from './kit.ts';

/** The accepted end of a connection, paused as the wire server gets it, and its client. */
async function startPair(): Promise<{ socket: Socket; client: Socket }> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  atEnd(() => server.close());
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  atEnd(() => client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  return { socket, client };
}

class Owner implements SocketOwner {
  text = '';
  events: string[] = [];
  onBytes(bytes: Buffer, length: number): void {
    this.text += bytes.toString('latin1', 0, length);
  }
  onEof(): void {
    this.events.push('eof');
  }
  onClosed(): void {
    this.events.push('closed');
  }
  onConnected(): void {
    this.events.push('connected');
  }
  onDrained(): void {
    // Not looked at.
  }
  onFlushed(): void {
    // Not looked at.
  }
  onDefect(): void {
    this.events.push('defect');
  }
}

test.each(['moved', 'kept'])('reads an accepted socket whose handle is %s', async (handle) => {
  const { socket, client } = await startPair();
  if (handle === 'kept') Object.defineProperty(socket, '_handle', unmovable(socket));
  const owner = new Owner();
  const wire = new WireSocket(accepted(socket), owner);
  expect(wire.remoteAddress).toBe('127.0.0.1');
  const sent = 'abcdefgh'.repeat(50_000);
  client.write(sent);
  await until(() => owner.text.length === sent.length);
  expect(owner.text).toBe(sent);
  wire.pause();
  client.end('more');
  const other = await startPair();
  other.client.end();
  await once(other.socket.resume(), 'end');
  expect(owner.events).toEqual([]);
  wire.resume();
  await until(() => owner.events.includes('eof'));
  expect(owner.text).toBe(`${sent}more`);
  let answer = '';
  client.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  wire.writeText('bye');
  wire.end();
  await until(() => owner.events.includes('closed'));
  expect(answer).toBe('bye');
});

/** A handle that Node does not show to the first who asks: what a version without this property looks like. */
function unmovable(socket: Socket): PropertyDescriptor & ThisType<unknown> {
  let value = (socket as unknown as { _handle: unknown })._handle;
  let asked = false;
  return {
    configurable: true,
    get() {
      const first = !asked;
      asked = true;
      return first ? undefined : value;
    },
    set(next: unknown) {
      value = next;
    },
  };
}

test('keeps a bounded number of write buffers, of two sizes, and none of others', () => {
  const large = takeWriteBuffer(70_000);
  const small = takeWriteBuffer(20_000);
  expect(small.length).toBeLessThan(large.length);
  for (const buffer of [large, small]) {
    returnWriteBuffer(buffer);
    expect(takeWriteBuffer(buffer.length)).toBe(buffer);
  }
  const huge = takeWriteBuffer(1_000_000);
  expect(huge.length).toBe(1_000_000);
  returnWriteBuffer(huge);
  expect(takeWriteBuffer(1_000_000)).not.toBe(huge);
});
