import { expect, test } from 'vitest';
import { costTable, costsOf, placeOf, roomOf } from '../../bench/profile-costs.ts';

const frame = (functionName: string, url: string, lineNumber = 0) => ({ functionName, url, lineNumber });
const FEED = frame('feed', 'file:///x/src/cutover/src/wire/head-scanner.ts', 76);

test('a place is a path of the product and a line that people count', () => {
  expect(placeOf(FEED)).toBe('src/wire/head-scanner.ts:77');
  const package_ = frame('record', 'file:///x/node_modules/hdr-histogram-js/dist/src/Histogram.js', 9);
  expect(placeOf(package_)).toBe('node_modules/hdr-histogram-js/dist/src/Histogram.js:10');
  expect(placeOf(frame('write', 'node:net', 12))).toBe('node:net:13');
  expect(placeOf(frame('(program)', ''))).toBe('');
});

test('each function belongs to a room, a package, Node or the engine', () => {
  expect(roomOf(FEED)).toBe('wire');
  expect(roomOf(frame('f', 'file:///x/dist/gateway/pipeline.js'))).toBe('gateway');
  expect(roomOf(frame('f', 'file:///x/node_modules/@a/b/src/gateway/x.js'))).toBe('@a/b');
  expect(roomOf(frame('f', 'node:internal/timers'))).toBe('node');
  expect(roomOf(frame('writeLatin1String', ''))).toBe('native');
  expect(roomOf(frame('(garbage collector)', ''))).toBe('(garbage collector)');
});

test('self time adds up by function and by room and leaves idle time out', () => {
  const nodes = [
    frame('(root)', ''),
    FEED,
    frame('scan', FEED.url, 115),
    frame('(idle)', ''),
    frame('write', 'node:net', 1),
  ].map((callFrame, id) => ({ id, callFrame }));
  const costs = costsOf({ nodes, samples: [1, 3, 2, 1, 4], timeDeltas: [0, 100, 5_000, 300, 200, 400] });
  expect([costs.busyUs, costs.idleUs]).toEqual([1_000, 5_000]);
  expect(costs.functions.map(({ name, selfUs }) => [name, selfUs])).toEqual([
    ['write node:net:2', 400],
    ['feed src/wire/head-scanner.ts:77', 300],
    ['scan src/wire/head-scanner.ts:116', 300],
  ]);
  expect(costs.rooms).toEqual([
    { name: 'wire', selfUs: 600, share: 0.6 },
    { name: 'node', selfUs: 400, share: 0.4 },
  ]);
  const text = costTable(costs, 1, 10);
  expect(text).toContain('busy 17 % of the time, 100.0 µs a request');
  expect(text).toContain('  60.0 %    60.00 µs  wire');
  expect(text).not.toContain('scan');
});
