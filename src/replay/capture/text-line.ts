import { isIP } from 'node:net';
import { commonLogTime } from './log-time.ts';
import { unreadable } from './message.ts';
import type { Understood } from './message.ts';
import { asFieldValue, isMethod, sendableTarget } from './request-parts.ts';

const STATUS = /^ (\d{3}) (\d{1,15}|-)(?= |$)/;
const ESCAPE = /\\(x[0-9A-Fa-f]{2}|["\\nrtvbf])/g;
const REQUEST = /^(\S+) (\S+) HTTP\/\d(?:\.\d)?$/;
const NAMED: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  b: '\b',
  f: '\f',
};

/**
 * Understands one line of the common or combined log format, with or without the virtual host before it, as NGINX and
 * Apache write it. It walks and never backtracks: a line of a stranger costs what its length says.
 * @param line as latin1
 */
export function parseTextLine(line: string): Understood {
  const open = line.indexOf(' [');
  const close = line.indexOf('] "', open);
  if (open < 1 || close === -1) return unreadable('corrupt');
  const atMs = commonLogTime(line.slice(open + 2, close));
  const request = quoted(line, close + 2);
  if (atMs === null || request === null) return unreadable('corrupt');
  const answer = STATUS.exec(line.slice(request.end, request.end + 24));
  if (answer === null) return unreadable('corrupt');
  const logged = { status: Number(answer[1]), bytes: answer[2] === '-' ? 0 : Number(answer[2]) };
  const [, method = '', raw = ''] = REQUEST.exec(request.text) ?? [];
  const target = sendableTarget(raw);
  if (!isMethod(method) || target === '') return unreadable('no_request');
  const headers = headersOf(line, request.end + answer[0].length);
  const about = { host: '', body: null, upgrade: '', expectsContinue: false };
  return {
    request: { ...about, method, target, headers, atMs, logged, ...peer(line.slice(0, open)) },
    why: null,
  };
}

/** `[host:port ]address ident user`. */
function peer(prefix: string): { readonly host: string; readonly clientAddress: string } {
  const [first = '', second = ''] = prefix.split(' ', 2);
  if (isIP(second) === 0) return { host: '', clientAddress: isIP(first) === 0 ? '' : first };
  return { host: /^[\w.:[\]-]+$/.test(first) && first !== '-' ? first : '', clientAddress: second };
}

/** ` "referer" "user agent"` of the combined format; nothing where the line ends before. */
function headersOf(line: string, from: number): string[] {
  const referer = quoted(line, from + 1);
  const agent = referer === null ? null : quoted(line, referer.end + 1);
  if (referer === null || agent === null) return [];
  return [...headerOf('Referer', referer.text), ...headerOf('User-Agent', agent.text)];
}

/** A field a log tells of; nothing for `-`, which stands for its absence. */
export function headerOf(name: string, value: string): string[] {
  const fit = asFieldValue(value);
  return fit === '' || fit === '-' ? [] : [name, fit];
}

/** The text in quotes that begins at `from`, its escapes undone, and the index after it. */
function quoted(line: string, from: number): { readonly text: string; readonly end: number } | null {
  if (line[from] !== '"') return null;
  let end = from + 1;
  while (end < line.length && line[end] !== '"') end += line[end] === '\\' ? 2 : 1;
  if (end >= line.length) return null;
  return { text: unescaped(line.slice(from + 1, end)), end: end + 1 };
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(ESCAPE, (_whole, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (NAMED[code] ?? code),
  );
}
