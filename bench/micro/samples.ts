import type { CapturedAnswer, Pair } from '../../src/core/observation.ts';

/** A head as a browser sends it: 12 fields, 640 bytes. */
export const REQUEST_HEAD = Buffer.from(
  [
    'GET /api/v2/products/4711/reviews?page=3&sort=newest HTTP/1.1',
    'Host: shop.example.com',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'Accept-Language: en-GB,en;q=0.7,de;q=0.3',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Referer: https://shop.example.com/products/4711',
    'Cookie: sid=5f1c0a9be0e94d6f8a4c7d1e2b3a4c5d; theme=dark; consent=1',
    'X-Forwarded-For: 203.0.113.7',
    'X-Forwarded-Proto: https',
    'X-Request-Id: 01JD9Y2V7M3K8Q4T6W5X0Z1A2B',
    'Cache-Control: no-cache',
    'Connection: keep-alive',
    '',
    '',
  ].join('\r\n'),
  'latin1',
);

/** The head of an answer as it is written. */
export const ANSWER_HEAD =
  'HTTP/1.1 200 OK\r\nserver: nginx\r\ndate: Tue, 24 Nov 2026 20:00:00 GMT\r\ncontent-type: application/json\r\n' +
  'cache-control: no-store\r\nx-request-id: 01JD9Y2V7M3K8Q4T6W5X0Z1A2B\r\nContent-Length: 1024\r\n\r\n';

/** 1 KiB of JSON. */
export function jsonBody(): Buffer {
  const items = Array.from({ length: 14 }, (_, id) => ({
    id,
    name: `item ${id}`,
    price: id / 4,
    stock: id * 7,
  }));
  const text = JSON.stringify({ collection: 'items', items, pad: '' });
  return Buffer.from(text.replace('"pad":""', `"pad":"${'x'.repeat(1024 - text.length)}"`));
}

function answer(): CapturedAnswer {
  const fields = ANSWER_HEAD.split('\r\n')
    .slice(1, 6)
    .flatMap((line) => line.split(': '));
  const body = jsonBody();
  return { status: 200, fields, body, bodyBytes: body.length, firstByteUs: 900, totalUs: 950 };
}

/** A pair as it goes to the diff thread: both answers of 1 KiB, and equal. */
export function pair(number: number): Pair {
  return {
    requestId: `01JD9Y2V7M3K8Q4T6W5X${number}`,
    direction: 'shadow',
    epoch: 1,
    revision: 1,
    route: 'all',
    region: '',
    endpoint: 'GET /api/v2/products/{id}/reviews',
    method: 'GET',
    target: '/api/v2/products/4711/reviews?page=3',
    conditional: false,
    legacy: answer(),
    candidate: answer(),
  };
}
