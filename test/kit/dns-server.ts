import { createSocket } from 'node:dgram';
import { onTestFinished } from 'vitest';

const TYPE_AAAA = 28;
const NO_SUCH_NAME = 3;

/** A name server of one zone, for names that a test makes up. */
export interface DnsServer {
  /** `127.0.0.1:port`, as a gateway takes it. */
  readonly address: string;
  /** Addresses by name; a name that is absent does not exist. */
  readonly zone: Map<string, readonly string[]>;
  /** Seconds that the next answers hold. */
  ttlS: number;
  /** It takes questions and answers none. */
  isDown: boolean;
  /** Questions it was asked, `A shop.test`. */
  readonly questions: readonly string[];
}

/** Starts it on UDP; it ends with the test. */
export async function dnsServer(zone: Readonly<Record<string, readonly string[]>> = {}): Promise<DnsServer> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  const questions: string[] = [];
  const server = {
    address: `127.0.0.1:${socket.address().port}`,
    zone: new Map(Object.entries(zone)),
    ttlS: 1,
    isDown: false,
    questions,
  };
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query);
    questions.push(`${type === TYPE_AAAA ? 'AAAA' : 'A'} ${name}`);
    if (server.isDown) return;
    const known = server.zone.get(name);
    const isV6 = type === TYPE_AAAA;
    const addresses = (known ?? []).filter((address) => address.includes(':') === isV6);
    const code = known === undefined ? NO_SUCH_NAME : 0;
    socket.send(answer(query.subarray(0, end), code, type, server.ttlS, addresses), from.port, from.address);
  });
  return server;
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** A response with the question repeated (RFC 1035, section 4.1). */
function answer(
  question: Buffer,
  code: number,
  type: number,
  ttlS: number,
  addresses: readonly string[],
): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.fill(0, 8, 12);
  const records = addresses.map((address) => {
    const data = type === TYPE_AAAA ? v6(address) : Buffer.from(address.split('.').map(Number));
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(ttlS, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, ...records]);
}

/** Eight groups, written out or with one `::`. */
function v6(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [front, back] = [groups(left), groups(right ?? '')];
  const middle = Array.from({ length: 8 - front.length - back.length }, () => '0');
  const all = [...front, ...middle, ...back];
  return Buffer.from(
    all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  );
}
