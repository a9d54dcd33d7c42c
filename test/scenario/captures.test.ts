import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCapture } from '../../src/scenario/captures.ts';
import { REPOSITORY } from '../kit/shared-data.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-captures-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('a GoReplay capture gives its requests without what belongs to their connection', () => {
  const post = 'POST /login HTTP/1.1\r\nHost: a\r\nCookie: s=1\r\nContent-Length: 4\r\n\r\na=b\n';
  const capture = `1 ab 1\n${post}\n🐵🙈🙉\n2 ab 2\nHTTP/1.1 200 OK\r\n\r\n\n🐵🙈🙉\n1 ac 3\nGET / HTTP/1.0\r\n\r\n\n🐵🙈🙉\n`;
  expect(readCapture(file('a.gor', capture))).toEqual([
    { method: 'POST', target: '/login', headers: ['Cookie', 's=1'], body: Buffer.from('a=b\n') },
    { method: 'GET', target: '/', headers: [], body: null },
  ]);
});

test('an access log gives its requests with what it says about the client', () => {
  const log = readCapture(join(REPOSITORY, 'test/fixtures/traffic/access-excerpt.log'));
  expect(log.length).toBeGreaterThan(100);
  expect(log.every(({ target }) => target.startsWith('/'))).toBe(true);
  const common = '1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 12\nnot a line\n';
  expect(readCapture(file('access.log', common))).toEqual([
    { method: 'GET', target: '/a?b', headers: [], body: null },
  ]);
});

test('a file without requests and one that is not there are told by name', () => {
  expect(() => readCapture(file('empty.log', 'nothing\n'))).toThrow(/empty\.log holds no request/);
  expect(() => readCapture(join(folder, 'gone.gor'))).toThrow(/gone\.gor cannot be read/);
});
