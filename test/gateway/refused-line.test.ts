import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { RefusedLines, refusedHead } from '../../src/gateway/refused-line.ts';
import { Connection } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { temporaryFolder } from '../kit/process.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

type Line = Record<string, unknown>;

/** A gateway that logs a thousandth of what goes well. */
async function stage(maxExchanges = 100) {
  const legacy = await upstream().hangs().start();
  const { path, remove } = temporaryFolder('cutover-refused');
  onTestFinished(async () => {
    await legacy.stop();
    remove();
  });
  const file = join(path, 'access.log');
  const accessLog = { file, sample: 0.001, rotate: null };
  const running = await inProcessGateway(
    { legacy, candidate: legacy },
    {},
    { accessLog, maxExchanges, trustedProxies: ['127.0.0.1'] },
  );
  const client = await Connection.open(running.url);
  onTestFinished(() => client.close());
  const lines = async (count: number): Promise<Line[]> => {
    // The log opens its file beside the traffic: it may come after the first answer.
    const read = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
    await until(() => read().length >= count, `${count} lines`);
    return read().map((line) => JSON.parse(line) as Line);
  };
  return { legacy, running, client, lines };
}

test('a head that is refused leaves a line, with what was wrong with it', async () => {
  const { client, lines } = await stage();
  client.send('GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  const [line] = await lines(1);
  expect(line).toMatchObject({
    'http.request.method': null,
    'url.path': null,
    'client.address': '127.0.0.1',
    'http.response.status_code': 400,
    lane: 'edge',
    assigned: null,
    bytes_in: null,
  });
  expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect([line?.['failure'], line?.['detail']]).toEqual([
    expect.stringMatching(/^\w+$/),
    expect.stringMatching(/./),
  ]);
});

test('a request that is refused for overload leaves a line, whatever the share of the others', async () => {
  const { running, legacy, client, lines } = await stage(1);
  const waiting = await Connection.open(running.url);
  onTestFinished(() => waiting.close());
  waiting.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => legacy.count() >= 1, 'an exchange under way');
  const headers = { host: 'shop.example', 'x-forwarded-for': '192.0.2.7', 'x-request-id': 'r-1' };
  await client.request({ method: 'POST', target: '/cart/%C3%A9?secret=1', headers, body: 'x'.repeat(1_000) });
  const [line] = await lines(1);
  expect(line).toMatchObject({
    'http.request.method': 'POST',
    'client.address': '192.0.2.7',
    'http.response.status_code': 503,
    lane: 'edge',
    failure: 'overloaded',
    bytes_in: 1_000,
    request_id: 'r-1',
    detail: null,
  });
  expect(line?.['url.path']).toMatch(/^\/cart\/[^?]*$/);
});

test('an attack leaves so many lines a second, and one that says how many were left out', async () => {
  const lines: Line[] = [];
  const refused = new RefusedLines((line) => lines.push(JSON.parse(line) as Line));
  let described = 0;
  const note = () =>
    refused.note(() => {
      described += 1;
      return refusedHead('bad_request', 400, '', 'x');
    });
  const most = LIMITS.refusedLinesPerSecond;
  for (let count = 0; count < most * 100; count += 1) note();
  expect(described).toBe(most);
  await until(() => lines.length > most, 'the line about the others');
  expect(lines.at(-1)).toMatchObject({ suppressed: most * 99, failure: null });
  refused.tellRest();
  note();
  expect([described, lines.length]).toEqual([most + 1, most + 2]);
});

test('the line of a refused request is one line of ASCII, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      let written = '';
      const refused = new RefusedLines((line) => void (written += line));
      const head = {
        method: 'GET',
        target: text,
        path: text,
        host: text,
        minorVersion: 1 as const,
        fields: new HeaderFields([]),
        framing: 'chunked' as const,
        contentLength: -1,
        expectsContinue: false,
        upgrade: '',
      };
      refused.note(() => ({ ...refusedHead('bad_request', 400, 'unix', text), head }));
      expect(written).toMatch(/^[\x20-\x7e]+\n$/);
      const read = JSON.parse(written) as Line;
      const kept = JSON.parse(JSON.stringify(text)) as string;
      expect([read['url.path'], read['server.address'], read['detail'], read['bytes_in']]).toEqual([
        kept,
        kept,
        kept,
        null,
      ]);
    }),
  );
});

test('lines of refused requests have the keys of every other line, in the same order', async () => {
  const { running, legacy, client, lines } = await stage();
  client.send('GET / HTTP/1.1\r\n\r\n');
  await lines(1);
  // A failure: the client leaves before its answer.
  const leaver = await Connection.open(running.url);
  leaver.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => legacy.count() >= 1, 'an exchange under way');
  leaver.close();
  const [refused, exchange] = await lines(2);
  const keys = Object.keys(exchange ?? {});
  expect(Object.keys(refused ?? {})).toEqual([...keys, 'detail', 'suppressed']);
});
