import type { Findings } from './findings.ts';
import { firstDifference } from './mask.ts';

/**
 * Compares two text bodies byte by byte after newlines were made one kind (CRLF and CR → LF); the example is the
 * first line that differs.
 */
export function compareText(legacy: Uint8Array, candidate: Uint8Array, findings: Findings): void {
  const [one, other] = [withOneNewline(legacy), withOneNewline(candidate)];
  if (one === other || isForgiven(one, other, findings) || !findings.count('body_text', 'body')) return;
  const at = firstDifference(one, other);
  const start = at === 0 ? 0 : one.lastIndexOf('\n', at - 1) + 1;
  const number = lineNumber(one, start);
  findings.keep('body_text', 'body', lineAt(one, number, start), lineAt(other, number, start));
}

/** Rules see characters and not bytes. */
function isForgiven(legacy: string, candidate: string, findings: Findings): boolean {
  if (findings.rules === null) return false;
  const read = (text: string): string => Buffer.from(text, 'latin1').toString();
  return findings.forgives('body_text', 'body', read(legacy), read(candidate));
}

function withOneNewline(body: Uint8Array): string {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  // Plain texts are replaced ten times as fast as a pattern.
  return text.includes('\r') ? text.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : text;
}

function lineAt(text: string, number: number, start: number): string {
  if (start > text.length) return '(no further line)';
  const newline = text.indexOf('\n', start);
  const line = text.slice(start, newline === -1 ? text.length : newline);
  return `line ${number}: ${Buffer.from(line, 'latin1').toString()}`;
}

function lineNumber(text: string, end: number): number {
  let number = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) number += 1;
  return number;
}
