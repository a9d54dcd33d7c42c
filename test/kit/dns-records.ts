/** Questions and answers of the DNS as bytes (RFC 1035, section 4; SRV: RFC 2782), for the name server of the tests. */
const TYPES: Readonly<Record<number, string>> = { 1: 'A', 5: 'CNAME', 28: 'AAAA', 33: 'SRV' };

export const RCODE = { none: 0, servfail: 2, noSuchName: 3, refused: 5 } as const;

export interface Srv {
  readonly target: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

export interface Question {
  readonly name: string;
  /** `A`, `AAAA`, `SRV`, or a number. */
  readonly type: string;
  /** Where the question ends. */
  readonly end: number;
}

export function readQuestion(query: Buffer): Question {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  return { name: labels.join('.').toLowerCase(), type: TYPES[type] ?? String(type), end: at + 5 };
}

/** One record of the answer: its owner is the name of the question unless it is given. */
export function record(type: string, ttlS: number, data: Buffer, owner?: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(Number(Object.entries(TYPES).find(([, word]) => word === type)?.[0]), 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(ttlS, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner ?? Buffer.from([0xc0, 0x0c]), head, data]);
}

/** A response with the question repeated. */
export function response(
  query: Buffer,
  code: number,
  records: readonly Buffer[],
  isTruncated = false,
): Buffer {
  const head = Buffer.from(query.subarray(0, readQuestion(query).end));
  head.writeUInt16BE(0x8180 | code | (isTruncated ? 0x0200 : 0), 2);
  head.writeUInt16BE(records.length, 6);
  head.fill(0, 8, 12);
  return Buffer.concat([head, ...records]);
}

export function addressData(address: string): Buffer {
  return address.includes(':') ? v6(address) : Buffer.from(address.split('.').map(Number));
}

export function srvData({ target, port, priority = 0, weight = 0 }: Srv): Buffer {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(priority, 0);
  numbers.writeUInt16BE(weight, 2);
  numbers.writeUInt16BE(port, 4);
  return Buffer.concat([numbers, nameData(target)]);
}

/** Labels, not compressed. */
export function nameData(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.from([0]),
  ]);
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
