import { expect, test } from 'vitest';
import { AnswerCounter } from '../../bench/answer-counter.ts';
import { configText } from '../../bench/template.ts';

/** At which byte an answer is complete, when it comes byte by byte. */
function completeAt(text: string): number {
  const counter = new AnswerCounter();
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += 1)
    if (counter.push(Buffer.from(bytes.subarray(at, at + 1)))) return at + 1;
  return -1;
}

test('the load finds the end of an answer however it is cut', () => {
  const length = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
  expect(completeAt(length)).toBe(length.length);
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
  expect(completeAt(chunked)).toBe(chunked.length);
  expect(completeAt(length.slice(0, -1))).toBe(-1);
});

test('the load tells a success from an error and begins anew after a reset', () => {
  const counter = new AnswerCounter();
  expect(counter.push(Buffer.from('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'))).toBe(true);
  expect(counter.isSuccess).toBe(false);
  counter.reset();
  expect(counter.push(Buffer.from('HTTP/1.1 204 Fine\r\nContent-Length: 0\r\n\r\n'))).toBe(true);
  expect(counter.isSuccess).toBe(true);
});

test('a configuration loses its part for TLS or names the certificate in it', () => {
  const text = 'a\n  #@tls\n  crt tls.pem\n  #@end\nb\n';
  expect(configText(text, null)).toBe('a\nb\n');
  const certificate = { certFile: '/x/c', keyFile: '/x/k', pemFile: '/x/both.pem' };
  expect(configText(text, certificate)).toBe('a\n  crt /x/both.pem\nb\n');
});
