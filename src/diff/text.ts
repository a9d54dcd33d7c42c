import type { DifferenceKind } from '../core/observation.ts';
import type { Findings } from './findings.ts';
import { firstDifference } from './mask.ts';

/**
 * Compares two text bodies byte by byte after newlines were made one kind (CRLF and CR → LF); the example is the
 * first line that differs.
 */
export function compareText(legacy: Uint8Array, candidate: Uint8Array, findings: Findings): void {
  const [one, other] = [withOneNewline(legacy), withOneNewline(candidate)];
  if (one !== other) noteFirstLine(one, other, 'body_text', findings);
}

/** Notes a difference of two texts (one character per byte) by the first line that is not the same. */
function noteFirstLine(legacy: string, candidate: string, kind: DifferenceKind, findings: Findings): void {
  if (!findings.count(kind, 'body')) return;
  const at = firstDifference(legacy, candidate);
  const start = at === 0 ? 0 : legacy.lastIndexOf('\n', at - 1) + 1;
  const number = lineNumber(legacy, start);
  findings.keep(kind, 'body', lineAt(legacy, number, start), lineAt(candidate, number, start));
}

function withOneNewline(body: Uint8Array): string {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
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
