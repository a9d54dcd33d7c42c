import fc from 'fast-check';
import { readerOf } from '../../src/replay/capture/format.ts';
import type { CaptureFormat, CaptureItem } from '../../src/replay/capture/types.ts';

/** One request as a test writes it into a capture. */
export interface Written {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** A plain GET. */
export function get(target: string, headers: Written['headers'] = []): Written {
  return { method: 'GET', target, headers, body: '' };
}

/** A GoReplay capture, one request every millisecond. */
export function gorText(requests: readonly Written[]): string {
  return requests.map((request, at) => `${gorRecord(request, at)}\n🐵🙈🙉\n`).join('');
}

function gorRecord({ method, target, headers, body }: Written, at: number): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const fields = ['Host: shop.example', ...headers.map(([name, value]) => `${name}: ${value}`), ...length];
  const nanoseconds = 1_700_000_000_000_000_000n + BigInt(at) * 1_000_000n;
  return `1 ${at.toString(16).padStart(8, '0')} ${nanoseconds}\n${method} ${target} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${body}`;
}

/** A HAR file with these requests to one site. */
export function harText(requests: readonly Written[]): string {
  const entries = requests.map(({ method, target, headers, body }) => ({
    startedDateTime: '2026-11-24T10:00:00.000Z',
    request: {
      method,
      url: `https://shop.example${target}`,
      httpVersion: 'http/2.0',
      headers: [
        { name: ':authority', value: 'shop.example' },
        ...headers.map(([name, value]) => ({ name, value })),
      ],
      ...(body === '' ? {} : { postData: { mimeType: 'text/plain', text: body } }),
    },
    response: { status: 200, bodySize: 3, content: { text: '"]}' } },
  }));
  return JSON.stringify({ log: { version: '1.2', creator: { name: 'entries' }, entries } });
}

/** A combined access log, one request a second; `%` stands for nothing special. */
export function logText(requests: readonly Written[]): string {
  return requests
    .map(({ method, target }, at) => {
      const second = String(at % 60).padStart(2, '0');
      return `192.0.2.${at % 250} - - [24/Nov/2026:10:00:${second} +0000] "${method} ${target} HTTP/1.1" 200 12 "-" "test"\n`;
    })
    .join('');
}

/** Everything a reader makes of bytes that come in these chunks. */
export function readAll(format: CaptureFormat, chunks: readonly Buffer[], cut = false): CaptureItem[] {
  const reader = readerOf(format);
  return [...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.end(cut)];
}

/** The bytes in chunks of these sizes, repeated. */
export function chunked(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0, at = 0; from < bytes.length; at += 1) {
    const size = sizes[at % sizes.length] ?? bytes.length;
    chunks.push(bytes.subarray(from, from + size));
    from += size;
  }
  return chunks;
}

const word = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
const value = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/);
const target = fc
  .tuple(fc.array(word, { maxLength: 4 }), fc.option(fc.stringMatching(/^[a-z0-9=&%._-]{1,20}$/)))
  .map(([segments, query]) => `/${segments.join('/')}${query === null ? '' : `?${query}`}`);

/** Requests with any fields and bodies, none of them about their connection. */
export const writtenRequests: fc.Arbitrary<Written[]> = fc.array(
  fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PROPFIND'),
    target,
    headers: fc.array(
      fc.tuple(
        word.map((name) => `x-${name}`),
        value,
      ),
      { maxLength: 4 },
    ),
    body: fc.string({ unit: 'grapheme', maxLength: 60 }),
  }),
  { maxLength: 8 },
);

/** Sizes of chunks, so that records are cut anywhere. */
export const chunkSizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
