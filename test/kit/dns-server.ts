import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { addressData, RCODE, readQuestion, record, response, srvData } from './dns-records.ts';
import type { Srv } from './dns-records.ts';

/** A name server of one zone, for names that a test makes up: UDP and TCP on one port. */
export interface DnsServer {
  /** `127.0.0.1:port`, as a gateway takes it. */
  readonly address: string;
  /** Addresses by name; a name that is absent does not exist. */
  readonly zone: Map<string, readonly string[]>;
  /** Services by name, `_http._tcp.shop.test`. */
  readonly services: Map<string, readonly Srv[]>;
  /** Seconds that the next answers hold; `srvTtlS` those of services, the same if left out. */
  ttlS: number;
  srvTtlS: number | null;
  /** It takes questions and answers none. */
  isDown: boolean;
  /** It waits so long before each answer. */
  delayMs: number;
  /** Answers by UDP are cut, so that they have to be asked for again by TCP. */
  isTruncating: boolean;
  /** An error for every question. */
  code: number;
  /** What it sends by UDP instead of an answer; several are sent one after the other. */
  lie: ((query: Buffer, truth: Buffer) => readonly Buffer[]) | null;
  /** Questions it was asked, `A shop.test`; those by TCP are `tcp A shop.test`. */
  readonly questions: readonly string[];
}

/** Starts it; it ends with the test. */
export async function dnsServer(zone: Readonly<Record<string, readonly string[]>> = {}): Promise<DnsServer> {
  const questions: string[] = [];
  const server: Omit<DnsServer, 'address'> = {
    zone: new Map(Object.entries(zone)),
    services: new Map(),
    ttlS: 1,
    srvTtlS: null,
    isDown: false,
    delayMs: 0,
    isTruncating: false,
    code: RCODE.none,
    lie: null,
    questions,
  };
  const asked = (query: Buffer, prefix: string, answer: (bytes: Buffer) => void) => {
    const { name, type } = readQuestion(query);
    questions.push(`${prefix}${type} ${name}`);
    if (server.isDown) return;
    const truth = truthOf(server, query);
    setTimeout(() => answer(truth), server.delayMs).unref();
  };
  const port = await listenTcp((query, socket) =>
    asked(query, 'tcp ', (truth) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(truth.length);
      if (!socket.destroyed) socket.write(Buffer.concat([length, truth]));
    }),
  );
  await listenUdp(port, (query, send) =>
    asked(query, '', (truth) => {
      const cut = server.isTruncating ? response(query, server.code, [], true) : truth;
      for (const bytes of server.lie === null ? [cut] : server.lie(query, truth)) send(bytes);
    }),
  );
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}

/** What the zone knows about a question. */
function truthOf(server: Omit<DnsServer, 'address'>, query: Buffer): Buffer {
  const { name, type } = readQuestion(query);
  const { zone, services, code, ttlS, srvTtlS } = server;
  if (code !== RCODE.none) return response(query, code, []);
  const addresses = zone.get(name);
  const srv = services.get(name);
  if (addresses === undefined && srv === undefined) return response(query, RCODE.noSuchName, []);
  if (type === 'SRV') {
    return response(
      query,
      0,
      (srv ?? []).map((one) => record('SRV', srvTtlS ?? ttlS, srvData(one))),
    );
  }
  const found = (addresses ?? []).filter((address) => address.includes(':') === (type === 'AAAA'));
  return response(
    query,
    0,
    found.map((address) => record(type, ttlS, addressData(address))),
  );
}

async function listenUdp(port: number, take: (query: Buffer, send: (bytes: Buffer) => void) => void) {
  const socket = createSocket('udp4');
  let isOpen = true;
  socket.on('message', (query, from) =>
    take(query, (bytes) => {
      if (isOpen) socket.send(bytes, from.port, from.address);
    }),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    isOpen = false;
    socket.close();
  });
}

async function listenTcp(take: (query: Buffer, socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let bytes = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length > 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
        const end = 2 + bytes.readUInt16BE(0);
        take(bytes.subarray(2, end), socket);
        bytes = bytes.subarray(end);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
