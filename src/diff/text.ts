import type { Findings } from './findings.ts';
import { firstDifference, hidden } from './mask.ts';
import { isInPrivateKey } from './private-key.ts';

/**
 * Compares two text bodies byte by byte after newlines were made one kind (CRLF and CR → LF); the example is the
 * first line that differs.
 */
export function compareText(legacy: Uint8Array, candidate: Uint8Array, findings: Findings): void {
  const [one, other] = [withOneNewline(legacy), withOneNewline(candidate)];
  if (one === other || isForgiven(one, other, findings) || !findings.count('body_text', 'body')) return;
  const at = firstDifference(one, other);
  const shorter = one.length < other.length ? one : other;
  const longer = shorter === one ? other : one;
  // Where one ends in front of a line break of the other, it is the line behind it that differs.
  const isCut = at === shorter.length && longer[at] === '\n';
  const isLast = isCut && longer.length === at + 1;
  const start = isCut && !isLast ? at + 1 : at === 0 ? 0 : one.lastIndexOf('\n', at - 1) + 1;
  const number = lineNumber(longer, start);
  const said = (text: string): string =>
    lineAt(text, number, start) + (isLast && text === shorter ? NO_LAST_BREAK : '');
  findings.keep('body_text', 'body', said(one), said(other));
}

const NO_LAST_BREAK = ' (without the final line break)';

/** Rules see characters and not bytes. */
function isForgiven(legacy: string, candidate: string, findings: Findings): boolean {
  if (findings.rules === null) return false;
  const read = (text: string): string => Buffer.from(text, 'latin1').toString();
  return findings.forgives('body_text', 'body', read(legacy), read(candidate));
}

const RETURN = 0x0d;
const NEWLINE = 0x0a;

/** Byte by byte: patterns and texts replace a million of them ten times as slowly. */
function withOneNewline(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes(RETURN)) return bytes.toString('latin1');
  const written = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === RETURN && bytes[at + 1] === NEWLINE) continue;
    written[length] = byte === RETURN ? NEWLINE : byte;
    length += 1;
  }
  return written.toString('latin1', 0, length);
}

function lineAt(text: string, number: number, start: number): string {
  if (start > text.length) return '(no further line)';
  // One line of a key does not look like one.
  if (isInPrivateKey(text, start)) return `line ${number}: ${hidden('key')}`;
  const newline = text.indexOf('\n', start);
  const line = text.slice(start, newline === -1 ? text.length : newline);
  return `line ${number}: ${Buffer.from(line, 'latin1').toString()}`;
}

function lineNumber(text: string, end: number): number {
  let number = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) number += 1;
  return number;
}
