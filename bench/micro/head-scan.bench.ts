import { createRequire } from 'node:module';
import { bench, do_not_optimize, summary } from 'mitata';
import { MORE, REFUSED, HeadScanner } from '../../src/wire/head-scanner.ts';
import { readRequest } from '../../src/wire/request-head.ts';
import { REQUEST_HEAD } from './samples.ts';

/** Node's llhttp as `node:http` uses it: internal, and there is no other way to it without sockets. */
interface LlhttpParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer): number | Error;
  [handler: number]: unknown;
}
interface LlhttpClass {
  new (): LlhttpParser;
  readonly REQUEST: number;
  readonly kOnHeadersComplete: number;
}

function llhttp(onHead: (fields: string[]) => void): LlhttpParser {
  const load = createRequire(import.meta.url);
  const { HTTPParser } = load('node:_http_common') as { HTTPParser: LlhttpClass };
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  parser[HTTPParser.kOnHeadersComplete] = (_major: number, _minor: number, fields: string[]) => {
    onHead(fields);
    return 0;
  };
  return parser;
}

/** As it is written in an afternoon: no checks. */
function naive(bytes: Buffer): object {
  const [first = '', ...lines] = bytes.toString('latin1').split('\r\n');
  const [method, target, version] = first.split(' ');
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const match = /^([^:]+):\s*(.*?)\s*$/.exec(line);
    if (match !== null) fields[(match[1] ?? '').toLowerCase()] = match[2] ?? '';
  }
  return { method, target, version, fields };
}

/** The head of one request, from bytes to what it means. */
export function headScan(): void {
  const scanner = new HeadScanner(true);
  const parser = llhttp(do_not_optimize);
  summary(() => {
    bench('head: own scanner, every byte checked', () => {
      scanner.reset();
      const end = scanner.feed(REQUEST_HEAD, 0, REQUEST_HEAD.length);
      if (end === MORE || end === REFUSED) throw new Error(scanner.detail);
      do_not_optimize(scanner.text);
    }).baseline(true);
    bench('head: own scanner and what the fields mean', () => {
      scanner.reset();
      scanner.feed(REQUEST_HEAD, 0, REQUEST_HEAD.length);
      do_not_optimize(readRequest(scanner).head);
    });
    bench('head: llhttp with its list of fields', () => {
      do_not_optimize(parser.execute(REQUEST_HEAD));
    });
    bench('head: split and regular expressions', () => {
      do_not_optimize(naive(REQUEST_HEAD));
    });
  });
}
