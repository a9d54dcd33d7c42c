/** One question to a name server and its answer as bytes (RFC 1035, section 4; SRV: RFC 2782), strictly bounded. */

const TYPE_SRV = 33;
const TYPE_OPT = 41;
const CLASS_IN = 1;
const HEAD_BYTES = 12;
/** What an answer by UDP may have: no fragments on any usual path (DNS flag day 2020). */
const UDP_BYTES = 1_232;
const NAME_BYTES = 255;
const POINTER = 0xc0;

/** One SRV record. */
export interface ServiceRecord {
  /** Lower-case, without the final dot; '' says that the service is decidedly not there. */
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
  readonly ttlS: number;
}

/** What one message said; `code` is the system's word for an answer without records. */
export type ServiceAnswer =
  | { readonly kind: 'records'; readonly records: readonly ServiceRecord[] }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'none' | 'failed'; readonly code: string };

/** The SRV question about a name of ASCII labels, each of 63 bytes at the most. */
export function serviceQuestion(id: number, name: string): Buffer {
  const labels = name.split('.').map((label) => `${String.fromCharCode(label.length)}${label}`);
  const head = Buffer.from([id >> 8, id & 255, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  const tail = Buffer.from([0, 0, TYPE_SRV, 0, CLASS_IN]);
  const extension = Buffer.from([0, 0, TYPE_OPT, UDP_BYTES >> 8, UDP_BYTES & 255, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.from(labels.join(''), 'latin1'), tail, extension]);
}

/**
 * Reads an answer to a question. Only records of the answer section that belong to the name, or to what a CNAME there
 * says it is, count; whatever a server adds for other names is not looked at.
 * @returns null for what is no answer to this question: another id, another name, or nonsense
 */
export function serviceAnswer(message: Buffer, question: Buffer): ServiceAnswer | null {
  try {
    return read(message, question);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function read(message: Buffer, question: Buffer): ServiceAnswer | null {
  const flags = message.readUInt16BE(2);
  const isAnswer = message.readUInt16BE(0) === question.readUInt16BE(0) && (flags & 0xf800) === 0x8000;
  if (!isAnswer || message.readUInt16BE(4) !== 1) return null;
  const asked = nameAt(question, HEAD_BYTES);
  const repeated = nameAt(message, HEAD_BYTES);
  if (asked.name !== repeated.name || message.readUInt32BE(repeated.end) !== (TYPE_SRV << 16) + CLASS_IN)
    return null;
  const rcode = flags & 15;
  if (rcode !== 0) return { kind: rcode === 3 ? 'none' : 'failed', code: CODES[rcode] ?? 'EBADRESP' };
  if ((flags & 0x0200) !== 0) return { kind: 'truncated' };
  const records = recordsOf(message, repeated.end + 4, asked.name);
  return records.length === 0 ? { kind: 'none', code: 'ENODATA' } : { kind: 'records', records };
}

const CODES: Readonly<Record<number, string>> = {
  1: 'EFORMERR',
  2: 'ESERVFAIL',
  3: 'ENOTFOUND',
  4: 'ENOTIMP',
  5: 'EREFUSED',
};

function recordsOf(message: Buffer, start: number, asked: string): ServiceRecord[] {
  const records: ServiceRecord[] = [];
  let at = start;
  let wanted = asked;
  let aliasTtlS = Infinity;
  for (let left = message.readUInt16BE(6); left > 0; left -= 1) {
    const owner = nameAt(message, at);
    const type = message.readUInt16BE(owner.end);
    const data = owner.end + 10;
    // A time to live whose highest bit is set is 0 (RFC 2181, section 8).
    const ttlS = Math.max(message.readInt32BE(owner.end + 4), 0);
    at = data + message.readUInt16BE(owner.end + 8);
    if (at > message.length) throw new RangeError('a record that ends after its message');
    if (owner.name !== wanted || message.readUInt16BE(owner.end + 2) !== CLASS_IN) continue;
    if (type === TYPE_CNAME) {
      wanted = nameAt(message, data).name;
      aliasTtlS = Math.min(aliasTtlS, ttlS);
    } else if (type === TYPE_SRV) records.push(serviceRecord(message, data, Math.min(ttlS, aliasTtlS)));
  }
  return records;
}

const TYPE_CNAME = 5;

function serviceRecord(message: Buffer, at: number, ttlS: number): ServiceRecord {
  return {
    priority: message.readUInt16BE(at),
    weight: message.readUInt16BE(at + 2),
    port: message.readUInt16BE(at + 4),
    target: nameAt(message, at + 6).name,
    ttlS,
  };
}

/** A name, lower-case. A pointer may only lead backwards, so that no message can send its reader round in a circle. */
function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let earliest = start;
  for (let bytes = 0; bytes <= NAME_BYTES;) {
    const length = message.readUInt8(at);
    if (length >= POINTER) {
      const target = message.readUInt16BE(at) & 0x3fff;
      if (target >= earliest) throw new RangeError('a name that points forwards');
      if (end < 0) end = at + 2;
      at = earliest = target;
    } else if (length >= 64 || at + 1 + length > message.length) {
      throw new RangeError('a label that is none');
    } else if (length === 0) {
      return { name: labels.join('.'), end: end < 0 ? at + 1 : end };
    } else {
      labels.push(message.toString('latin1', at + 1, at + 1 + length).toLowerCase());
      at += 1 + length;
      bytes += 1 + length;
    }
  }
  throw new RangeError('a name that is too long');
}
