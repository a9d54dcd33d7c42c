import { createRequire } from 'node:module';
import type { Message, Understood } from './message.ts';

/** The parser inside Node; internal, so its shape is written down here. */
interface NodeParser {
  initialize(type: number, resource: object, maxHeaderBytes: number, lenient: number): void;
  execute(bytes: Buffer): number | Error;
  finish(): number | Error | undefined;
  [callback: number]: unknown;
}

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  readonly kLenientNone: number;
}

interface NodeHttpCommon {
  readonly HTTPParser: NodeParserClass;
  readonly methods: readonly string[];
}

const { HTTPParser, methods } = createRequire(import.meta.url)('node:_http_common') as NodeHttpCommon;

/** Above every limit of ours: the oracle judges the grammar, not the size. */
const MAX_HEADER_BYTES = 1024 * 1024;

/** The methods llhttp knows: it refuses every other name. */
export const KNOWN_METHODS: ReadonlySet<string> = new Set(methods);

/** A message while it is read. */
class Reading {
  method = '';
  target = '';
  status = 0;
  minorVersion = 1;
  fields: string[] = [];
  body = '';
}

/** llhttp in strict mode on one stream of bytes. */
class Oracle {
  readonly messages: Message[] = [];
  private current: Reading | null = null;
  /** Fields come in batches when there are many. */
  private batch: string[] = [];
  private batchTarget = '';
  private readonly isRequest: boolean;
  private readonly headAnswer: boolean;
  private parser: NodeParser;

  constructor(isRequest: boolean, headAnswer: boolean) {
    this.isRequest = isRequest;
    this.headAnswer = headAnswer;
    this.parser = this.fresh();
  }

  private fresh(): NodeParser {
    const parser = new HTTPParser();
    const type = this.isRequest ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
    parser.initialize(type, {}, MAX_HEADER_BYTES, HTTPParser.kLenientNone);
    parser[HTTPParser.kOnHeaders] = (fields: string[], target: string) => {
      this.batch.push(...fields);
      this.batchTarget += target;
    };
    parser[HTTPParser.kOnHeadersComplete] = (...head: readonly unknown[]) => this.onHead(head);
    parser[HTTPParser.kOnBody] = (bytes: Buffer) => {
      if (this.current !== null) this.current.body += bytes.toString('latin1');
    };
    parser[HTTPParser.kOnMessageComplete] = () => {
      if (this.current !== null) this.messages.push(this.current);
      this.current = null;
      // What came since are trailers.
      this.batch = [];
      this.batchTarget = '';
    };
    return parser;
  }

  /** @returns 1 when no body follows whatever the head says */
  private onHead(head: readonly unknown[]): number {
    const [, minorVersion, fields, method, target, status] = head;
    const reading = new Reading();
    reading.minorVersion = minorVersion as number;
    reading.fields = [...this.batch, ...((fields as string[] | undefined) ?? [])];
    reading.method = typeof method === 'number' ? (methods[method] ?? '') : '';
    reading.target = this.batchTarget + ((target as string | undefined) ?? '');
    reading.status = (status as number | undefined) ?? 0;
    this.batch = [];
    this.batchTarget = '';
    this.current = reading;
    return this.headAnswer && reading.status >= 200 ? 1 : 0;
  }

  /** @returns false when the bytes were refused */
  read(bytes: Buffer): boolean {
    let rest = bytes;
    while (rest.length > 0) {
      const read = this.parser.execute(rest);
      if (typeof read !== 'number') return false;
      if (read === rest.length) return true;
      // An upgrade was asked for: what follows would be another protocol if it were granted. It never is here.
      rest = rest.subarray(read);
      this.parser = this.fresh();
    }
    return true;
  }

  /** The stream has ended: an answer that goes on until then is complete. */
  end(): Understood['end'] {
    if (this.parser.finish() instanceof Error) return 'partial';
    return this.current === null ? 'clean' : 'partial';
  }

  get partial(): string | null {
    return this.current?.body ?? null;
  }
}

/**
 * What llhttp in strict mode makes of bytes: the judge that is not ours.
 * @param kind of the messages; `head` is an answer to HEAD
 */
export function askOracle(pieces: readonly Buffer[], kind: 'request' | 'answer' | 'head'): Understood {
  const oracle = new Oracle(kind === 'request', kind === 'head');
  for (const piece of pieces) {
    if (!oracle.read(piece)) {
      return { messages: oracle.messages, partial: oracle.partial, end: 'refused' };
    }
  }
  const { partial } = oracle;
  const end = oracle.end();
  return { messages: oracle.messages, partial, end };
}
