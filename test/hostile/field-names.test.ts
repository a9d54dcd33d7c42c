/**
 * Attack: names that are no names. An empty one ends the head for some parsers; `__proto__`, `constructor` or `Trailer`
 * throw in programs that keep fields in an object or set them one by one; odd bytes hide a framing field.
 * Known from: CVE-2023-25725 (HAProxy, empty name), CVE-2026-21710 (Node, `__proto__` with headersDistinct), the
 * `Trailer: x` crash of proxies on `http.request`.
 * Why it works: the name decides where a value is stored, and nobody asked for these names.
 * Cutover: a name is a token or the head is refused; fields are a flat list, never an object; nothing that a peer sends
 * may throw out of a callback (here a warning fails the test).
 */
import { expect, test } from 'vitest';
import { answerOf, fieldOf } from './lenient-upstream.ts';
import { expectRefused, expectUnharmed, get, SMUGGLED, stage, statuses } from './kit.ts';

test.each([
  ['nothing', ': x'],
  ['nothing, and a length', ': x\r\nContent-Length: 35'],
  ['a blank', ' : x'],
  ['a blank at its start', ' X: x'],
  ['a blank at its end', 'X : x'],
  ['a blank inside', 'X Y: x'],
  ['a tab', '\tX: x'],
  ['NUL', 'X\0: x'],
  ['a control byte', 'X\u0001: x'],
  ['DEL', 'X\u007f: x'],
  ['a bracket', 'X[0]: x'],
  ['a slash', 'X/Y: x'],
  ['a quote', '"X": x'],
  ['a letter above ASCII', 'X\u00e9: x'],
  ['no colon', 'Xx'],
  ['a request', 'GET /smuggled HTTP/1.1'],
  ['NUL in the value', 'X: a\0b'],
  ['ESC in the value', 'X: \u001b[2J'],
  ['DEL in the value', 'X: \u007f'],
  ['a bare CR in the value', 'X: a\rb'],
  ['a bare LF in the value', 'X: a\nb'],
  ['a folded value', 'X: a\r\n b'],
])('refuses a field whose name or value holds %s', async (_name, line) => {
  const on = await stage();
  await expectRefused(on, get('/x', line) + SMUGGLED);
  await expectUnharmed(on);
});

test.each([
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'then',
  'length',
  '0',
  '!',
  '$&',
  '*',
])('serves a field with a name that means something to a program: %s', async (name) => {
  const on = await stage({
    answering: () => answerOf('x', `${name}: 2\r\n${name}: 3\r\n`),
    rollout: { sample: 1 },
  });
  const text = await on.send(get('/x', `${name}: 1`, `Connection: ${name}x`));
  expect(statuses(text)).toEqual([200]);
  if (!name.includes('_'))
    expect(on.legacy.requests[0] && fieldOf(on.legacy.requests[0], name.toLowerCase())).toBe('1');
  expect(text).toContain(`\r\n${name}: 2\r\n${name}: 3\r\n`);
  await on.gateway.settled();
});

test.each([
  'Trailer: x',
  'Trailer: Content-Length',
  'TE: trailers',
  'Expect: 100-continue',
  'Keep-Alive: x',
  'Upgrade: ',
])('serves a request with a field that crashes other proxies: %s', async (line) => {
  const on = await stage();
  expect(statuses(await on.send(get('/x', line)))).toEqual([200]);
  await expectUnharmed(on);
});

test('drops names with an underscore, which many servers take for a dash', async () => {
  const on = await stage();
  await on.send(get('/x', 'X_Forwarded_For: 10.0.0.1', 'Content_Length: 5', 'Authorization_: x', '_: y'));
  expect(on.legacy.bytes).not.toContain('_');
});
