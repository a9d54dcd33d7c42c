import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatOf, readerOf } from '../../src/replay/capture/format.ts';
import { CAPTURE_FORMATS } from '../../src/replay/capture/types.ts';
import type { CaptureFormat, CaptureItem } from '../../src/replay/capture/types.ts';
import { REPOSITORY, sharedData } from '../kit/shared-data.ts';
import { chunkSizes, chunked, get, gorText, harText, logText, readAll, writtenRequests } from './kit.ts';
import type { Written } from './kit.ts';

const WRITERS: Readonly<Record<CaptureFormat, (requests: readonly Written[]) => string>> = {
  gor: gorText,
  log: logText,
  har: harText,
};

/** What a reader understood, in the shape it was written in. */
function asWritten({ request }: CaptureItem): Written | null {
  if (request === null) return null;
  const { method, target, headers, body } = request;
  const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? ''] as const] : []));
  return { method, target, headers: pairs, body: body?.toString() ?? '' };
}

test.each(['gor', 'har'] as const)(
  'what is written as %s is read again, wherever chunks are cut',
  (format) => {
    fc.assert(
      fc.property(writtenRequests, chunkSizes, (requests, sizes) => {
        const bytes = Buffer.from(WRITERS[format](requests));
        expect(readAll(format, chunked(bytes, sizes)).map(asWritten)).toEqual(requests);
      }),
    );
  },
);

test('a log gives methods and targets again, wherever chunks are cut', () => {
  fc.assert(
    fc.property(writtenRequests, chunkSizes, (requests, sizes) => {
      const items = readAll('log', chunked(Buffer.from(logText(requests)), sizes));
      expect(items.map(({ request }) => [request?.method, request?.target])).toEqual(
        requests.map(({ method, target }) => [method, target]),
      );
      expect(items.every(({ request }) => request?.body === null)).toBe(true);
    }),
  );
});

test.each(CAPTURE_FORMATS)(
  'garbage in a capture (%s) never throws, in whatever chunks it comes',
  (format) => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(
        ...['\n🐵🙈🙉\n', '1 a 1\n', 'GET / HTTP/1.1\r\n\r\n', '{"log":{"entries":[{', '}]', '"\\', '\n'].map(
          (text) => Buffer.from(text),
        ),
      ),
      writtenRequests.map((requests) => Buffer.from(WRITERS[format](requests))),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), chunkSizes, fc.boolean(), (parts, sizes, cut) => {
        const bytes = Buffer.concat(parts);
        const once = readAll(format, [bytes], cut);
        expect(readAll(format, chunked(bytes, sizes), cut)).toEqual(once);
        for (const { request, why, offset, line } of once) {
          expect(request === null).toBe(why !== null);
          expect(offset).toBeLessThanOrEqual(bytes.length);
          expect(line).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  },
);

test.each(CAPTURE_FORMATS)('a damaged record (%s) costs itself and not the next one', (format) => {
  const good = [get('/a'), get('/b'), get('/c')];
  const text = WRITERS[format](good);
  const broken = text.replace('GET', 'G@T').replace(/"method":"G@T"/, '"method":7');
  const items = readAll(format, [Buffer.from(broken)]);
  expect(items.map(({ why }) => why)).toEqual([expect.stringMatching(/corrupt|no_request/), null, null]);
});

test('a request of an archive whose fields leave its end open is corrupt, and the next one is found', () => {
  const framed = (headers: Written['headers']): Written => ({ ...get('/a'), headers });
  const chunks = ['Transfer-Encoding', 'chunked'] as const;
  const written = [framed([['Content-Length', '3'], chunks]), framed([chunks]), get('/c')];
  const items = readAll('har', [Buffer.from(harText(written))]);
  expect(items.map(({ why }) => why)).toEqual(['corrupt', null, null]);
});

test('what a capture is written in is told by its content', () => {
  for (const format of CAPTURE_FORMATS) {
    expect(formatOf(Buffer.from(WRITERS[format]([get('/')])))).toBe(format);
  }
  expect(formatOf(Buffer.from('\ufeff{\n  "log": {'))).toBe('har');
  expect(formatOf(Buffer.from('{"uri":"/","method":"GET"}\n{"uri":"/b","method":"GET"}\n'))).toBe('log');
});

test('a whole GoReplay capture gives every request it holds, with its bodies', () => {
  const { bytes, requests, posts } = wholeCapture();
  const items = readAll('gor', chunked(bytes, [4_096]));
  expect(items.map(({ why }) => why).filter((why) => why !== null)).toEqual([]);
  const bodies = items.flatMap(({ request }) => (request?.method === 'POST' ? [request.body] : []));
  expect([items.length, bodies.length]).toEqual([requests, posts]);
  expect(bodies.every((body) => (body?.length ?? 0) > 0)).toBe(true);
  const times = items.map(({ request }) => request?.atMs ?? 0);
  expect(times.every((time) => time > 1_400_000_000_000)).toBe(true);
});

/** The capture of the shared data, or one as long where that is absent. */
function wholeCapture(): { readonly bytes: Buffer; readonly requests: number; readonly posts: number } {
  const file = sharedData('traffic/isucon5.gor');
  if (file !== null) return { bytes: readFileSync(file), requests: 1_051, posts: 77 };
  const made = Array.from({ length: 1_051 }, (_, at): Written => {
    const isPost = at % 13 === 0;
    return { ...get(`/${at}`), ...(isPost ? { method: 'POST', body: `n=${at}` } : {}) };
  });
  const posts = made.filter(({ method }) => method === 'POST').length;
  return { bytes: Buffer.from(gorText(made)), requests: made.length, posts };
}

test('the real access log gives every line, with what it says of the answer', () => {
  const shared = sharedData('traffic/apache_access.log');
  const file = shared ?? join(REPOSITORY, 'test/fixtures/traffic/access-excerpt.log');
  const text = readFileSync(file, 'latin1');
  const reader = readerOf('log');
  const items = [
    ...chunked(Buffer.from(text, 'latin1'), [1_000]).flatMap((chunk) => reader.read(chunk)),
    ...reader.end(false),
  ];
  expect(items.length + reader.others).toBe(text.trimEnd().split('\n').length);
  expect(items.filter(({ why }) => why !== null)).toEqual([]);
  expect(items[0]?.request).toMatchObject({
    method: 'GET',
    target: '/presentations/logstash-monitorama-2013/images/kibana-search.png',
    atMs: Date.UTC(2015, 4, 17, 10, 5, 3),
    logged: { status: 200, bytes: 203_023 },
  });
});
