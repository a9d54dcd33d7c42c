import { LenientUpstream } from '../hostile/lenient-upstream.ts';
import type { SeenRequest } from '../hostile/lenient-upstream.ts';
import type { Draw } from './draw.ts';
import { askOracle, KNOWN_METHODS } from './llhttp.ts';
import { cut, shown, singly } from './message.ts';
import type { Message } from './message.ts';
import { askOurs } from './ours.ts';
import { REQUESTS } from './request-corpus.ts';
import { requestsOf } from './requests.ts';
import { FuzzClient, startGateway } from './running.ts';
import type { Subject } from './subject.ts';

/** Longer inputs are not sent byte by byte: each byte is a turn of the event loop. */
const SINGLY_CHARS = 200;

/**
 * A real gateway between a real client and a server that reads as leniently as any: what the server saw is what the
 * client said, request by request, and the connections behind the gateway are not poisoned for the next client.
 */
export async function openGatewaySubject(): Promise<Subject> {
  const upstream = await LenientUpstream.start();
  const gateway = await startGateway(upstream.url);
  return {
    name: 'gateway',
    corpus: REQUESTS,
    make: requestsOf,
    async check(input, draw) {
      upstream.forget();
      const text = await new FuzzClient(gateway.port).exchange(slices(input, draw));
      const problem = compare(input, upstream, text);
      upstream.forget();
      return problem ?? (await canary(gateway.port, upstream));
    },
    async close() {
      await gateway.close();
      await upstream.stop();
    },
  };
}

function slices(input: string, draw: Draw): Buffer[] {
  if (input.length <= SINGLY_CHARS && draw.once(12)) return singly(input);
  return draw.once(2) ? [Buffer.from(input, 'latin1')] : cut(input, draw.places(input.length, 4));
}

function compare(input: string, upstream: LenientUpstream, text: string): string | null {
  const { messages, begun } = askOurs([Buffer.from(input, 'latin1')], 'request');
  const { requests } = upstream;
  if (requests.length > messages.length)
    return `${requests.length} requests were seen and ${messages.length} accepted: ${shown(upstream.bytes)}`;
  for (const [at, seen] of requests.entries()) {
    const problem = differs(messages[at] as Message, seen);
    if (problem !== null) return `request ${at} was seen with another ${problem}: ${shown(seen.raw)}`;
  }
  return strictly(upstream, begun?.method ?? '') ?? answered(text, requests);
}

function differs(sent: Message, seen: SeenRequest): string | null {
  if (sent.method !== seen.method) return 'method';
  if (sent.target !== seen.target) return 'target';
  return sent.body === seen.body ? null : 'body';
}

/** The same bytes in the eyes of the strictest server: as many requests, none of them broken but by a client that left. */
function strictly(upstream: LenientUpstream, cutMethod: string): string | null {
  for (const [index, { bytes, pending }] of upstream.connections.entries()) {
    const mine = upstream.requests.filter(({ connection }) => connection === index);
    if (mine.some(({ method }) => !KNOWN_METHODS.has(method)) || !KNOWN_METHODS.has(cutMethod || 'GET'))
      continue;
    const { messages, end } = askOracle([Buffer.from(bytes, 'latin1')], 'request');
    const isCut = pending !== '' && end === 'partial';
    if (messages.length !== mine.length || (end !== 'clean' && !isCut))
      return `a strict server reads ${messages.length} requests (${end}) in ${shown(bytes)}`;
  }
  return null;
}

/** Every complete answer belongs to its request, in order; those the gateway gives itself come last. */
function answered(text: string, requests: readonly SeenRequest[]): string | null {
  // llhttp has to be told of HEAD; the pipeline is read up to the first one.
  const head = requests.findIndex(({ method }) => method === 'HEAD');
  if (head !== -1) return null;
  const { messages, end } = askOracle([Buffer.from(text, 'latin1')], 'answer');
  if (end === 'refused') return `the client gets no HTTP: ${shown(text)}`;
  const finals = messages.filter(({ status }) => status >= 200);
  for (const [at, { status, body }] of finals.entries()) {
    const seen = requests[at];
    const isOwn = status >= 400 && body === '';
    if (!isOwn && body !== `${seen?.method} ${seen?.target}`) return `answer ${at} is ${shown(body)}`;
    if (isOwn && at !== finals.length - 1) return 'a refusal is not the last answer';
  }
  return null;
}

let canaries = 0;

/** The next client gets its own answer, whatever was sent before. */
async function canary(port: number, upstream: LenientUpstream): Promise<string | null> {
  canaries += 1;
  const wanted = `GET /canary/${canaries}`;
  const text = await new FuzzClient(port).exchange([
    Buffer.from(`${wanted} HTTP/1.1\r\nHost: canary\r\nConnection: close\r\n\r\n`),
  ]);
  if (upstream.lines.join() !== wanted)
    return `after it, a plain request was seen as ${shown(upstream.bytes)}`;
  return text.endsWith(`\r\n\r\n${wanted}`) ? null : `after it, a plain request was answered ${shown(text)}`;
}
