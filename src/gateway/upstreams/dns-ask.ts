import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { systemCode } from '../../core/errors.ts';
import { randomHex } from '../../core/random.ts';
import { serviceAnswer, serviceQuestion } from './dns-message.ts';
import type { ServiceAnswer } from './dns-message.ts';

/** An answer, or the code of why there is none. */
type Outcome = Exclude<ServiceAnswer, { kind: 'truncated' }>;

interface NameServer {
  readonly host: string;
  readonly port: number;
}

const PORT = 53;
/** Each server is asked so often, all of them once before the first one again. */
const ROUNDS = 2;

/**
 * Asks name servers for the SRV records of a name, one after the other: by UDP, and again by TCP where the answer was
 * cut. Node's own resolver does not tell how long such records hold, and that is what has to be known.
 * @param servers as `dns.getServers()` gives them: `10.0.0.1`, `10.0.0.1:5353`, `[::1]:53`
 * @param timeoutMs of one question
 */
export async function askService(
  name: string,
  servers: readonly string[],
  timeoutMs: number,
): Promise<Outcome> {
  let last: Outcome = { kind: 'failed', code: 'ECONNREFUSED' };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const server of servers.map(nameServer)) {
      last = await askOne(name, server, timeoutMs);
      if (last.kind !== 'failed') return last;
    }
  }
  return last;
}

async function askOne(name: string, server: NameServer, timeoutMs: number): Promise<Outcome> {
  const question = serviceQuestion(Number.parseInt(randomHex(2), 16), name);
  try {
    const answer = await byUdp(question, server, timeoutMs);
    if (answer.kind !== 'truncated') return answer;
    const whole = await byTcp(question, server, timeoutMs);
    return whole.kind === 'truncated' ? { kind: 'failed', code: 'EBADRESP' } : whole;
  } catch (error) {
    return { kind: 'failed', code: systemCode(error) || 'EUNKNOWN' };
  }
}

function nameServer(text: string): NameServer {
  const parts = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  if (parts === null) return { host: text, port: PORT };
  return { host: parts[1] ?? parts[2] ?? text, port: Number(parts[3] ?? PORT) };
}

/** What does not answer this question is passed over and waited on: a forged answer must not end the true one. */
async function byUdp(
  question: Buffer,
  { host, port }: NameServer,
  timeoutMs: number,
): Promise<ServiceAnswer> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    return await new Promise<ServiceAnswer>((resolve, reject) => {
      setTimeout(() => reject(timedOut()), timeoutMs).unref();
      socket.on('error', reject);
      socket.on('message', (message) => {
        const answer = serviceAnswer(message, question);
        if (answer !== null) resolve(answer);
      });
      // A connected socket hears nobody but the server; the system draws its port at random.
      socket.connect(port, host, () => socket.send(question));
    });
  } finally {
    socket.close();
  }
}

/** Two bytes of length, then the message (RFC 1035, section 4.2.2): 64 KiB at the most. */
async function byTcp(
  question: Buffer,
  { host, port }: NameServer,
  timeoutMs: number,
): Promise<ServiceAnswer> {
  const socket = connect({ host, port });
  try {
    return await new Promise<ServiceAnswer>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let received = 0;
      let wanted = 2;
      setTimeout(() => reject(timedOut()), timeoutMs).unref();
      socket.on('error', reject);
      socket.on('close', () => reject(Object.assign(new Error('closed early'), { code: 'ECONNRESET' })));
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        received += chunk.length;
        if (received < wanted) return;
        const bytes = Buffer.concat(chunks);
        wanted = 2 + bytes.readUInt16BE(0);
        if (received < wanted) return;
        const answer = serviceAnswer(bytes.subarray(2, wanted), question);
        if (answer === null) reject(Object.assign(new Error('no answer'), { code: 'EBADRESP' }));
        else resolve(answer);
      });
      socket.write(Buffer.concat([Buffer.from([question.length >> 8, question.length & 255]), question]));
    });
  } finally {
    socket.destroy();
  }
}

function timedOut(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEOUT' });
}
