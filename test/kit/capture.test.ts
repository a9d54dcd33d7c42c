import { expect, test } from 'vitest';
import { captures, readAccessLog, readGoReplay } from './capture.ts';
import { replay } from './replayer.ts';
import { twoSites } from './services.ts';

test('reads a GoReplay capture with bodies and skips what is no request', () => {
  const text =
    '1 aa 1000000000\nPOST /login HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\nContent-Length: 7\r\n\r\nx=1\n🐵\n🐵🙈🙉\n' +
    '2 aa 1000000001\nHTTP/1.1 200 OK\r\n\r\n\n🐵🙈🙉\n1 bb 1250000000\nGET / HTTP/1.1\r\nHost: h\r\n\r\n\n🐵🙈🙉\n';
  const requests = readGoReplay(Buffer.from(text));
  expect(requests.map((request) => [request.method, request.target, request.offsetMs])).toEqual([
    ['POST', '/login', 0],
    ['GET', '/', 250],
  ]);
  expect(requests[0]?.headers).toEqual(['Cookie', 'a=b']);
  expect(requests[0]?.body.length).toBe(7);
});

test('reads the combined log with escaped quotes and skips broken lines', () => {
  const log =
    '# comment\n10.0.0.1 - - [17/May/2015:10:05:03 +0200] "GET /a HTTP/1.1" 200 12 "-" "A \\"b\\" c"\n' +
    '10.0.0.1 - - [17/May/2015:10:05:04 +0200] "\\x16" 400 0 "-" "-"\n' +
    '10.0.0.1 - - [17/May/2015:10:05:05 +0200] "HEAD /b HTTP/1.0" 404 - "http://r/" "-"\n';
  const requests = readAccessLog(log);
  expect(
    requests.map((request) => [request.method, request.loggedStatus, request.loggedBytes, request.offsetMs]),
  ).toEqual([
    ['GET', 200, 12, 0],
    ['HEAD', 404, 0, 2_000],
  ]);
  expect(requests[1]?.headers).toEqual(['Referer', 'http://r/']);
});

test(
  'at least 1,000 requests get the same answers from both services, in any order',
  { timeout: 60_000 },
  async () => {
    const sites = await twoSites();
    try {
      for (const { name, requests } of captures()) {
        const some = requests.slice(0, 1_200);
        expect(some.length, name).toBeGreaterThanOrEqual(1_000);
        const note = (answer: { status: number; body: Buffer }) =>
          `${answer.status} ${answer.body.toString('base64')}`;
        const left = await replay({ url: sites.legacy.url, requests: some, note });
        const right = await replay({ url: sites.candidate.url, requests: some, note, concurrency: 3 });
        expect(left.errors.length + right.errors.length, name).toBe(0);
        const differing = left.shots.filter((shot, index) => shot.note !== right.shots[index]?.note);
        expect(differing.length, name).toBe(0);
        expect(Object.keys(left.statuses).length, name).toBeGreaterThan(1);
        expect(left.statuses['599'], name).toBeUndefined();
      }
    } finally {
      await sites.stop();
    }
  },
);
