import { afterAll, beforeAll, expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { answerText, informText, requestText } from '../../src/wire/head-writer.ts';
import { until } from '../kit/until.ts';
import { atEnd, outboundHead, textHead } from './kit.ts';

// The defects are what these tests look at: they are not to be printed as well.
const printers = process.listeners('warning');
beforeAll(() => void process.removeAllListeners('warning'));
afterAll(() => {
  for (const printer of printers) process.on('warning', printer);
});

/** Values that would end a field on the wire, each in its own way. */
const UNSAFE = [
  'a\r\nx-evil: 1',
  'a\nb',
  'a\rb',
  'a\0b',
  // Written as bytes, these lose their high half and become CR, LF and NUL.
  'a\u010d\u010ab',
  'a\u0100b',
];

function collectDefects(): string[] {
  const defects: string[] = [];
  const listen = (warning: Error): void => {
    if (warning.name === 'WireDefect') defects.push(warning.message);
  };
  process.on('warning', listen);
  atEnd(() => process.off('warning', listen));
  return defects;
}

test.each(UNSAFE)('drops a field that would end before its end, and reports it: %j', async (text) => {
  const defects = collectDefects();
  for (const list of [
    ['X-Bad', text],
    [text, 'bad'],
  ]) {
    const fields = new HeaderFields(['X-One', '1', ...list, 'X-Two', 'caf\u00e9\t2']);
    const kept = 'X-One: 1\r\nX-Two: caf\u00e9\t2\r\n';
    expect(requestText(outboundHead({ fields }))).toBe(`GET / HTTP/1.1\r\nHost: lane\r\n${kept}\r\n`);
    expect(answerText({ ...textHead('ok'), fields }, 'GET', 1, false)).toBe(
      `HTTP/1.1 200 OK\r\n${kept}Content-Length: 2\r\n\r\n`,
    );
    expect(informText(103, fields)).toBe(`HTTP/1.1 103 Early Hints\r\n${kept}\r\n`);
  }
  await until(() => defects.length === 6);
  expect(defects.every((defect) => defect.includes('was dropped'))).toBe(true);
  expect(defects.join('')).not.toContain('\r');
});

test.each(UNSAFE)('sends the standard reason in place of one that would end the line: %j', async (reason) => {
  const defects = collectDefects();
  const text = answerText({ ...textHead('ok'), reason }, 'GET', 1, false);
  expect(text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
  await until(() => defects.length === 1);
});
