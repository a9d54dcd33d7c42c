// HOT: one walk over the fields of a head; no string is cut but those that the wire itself needs.
import { HeaderFields, spanOf } from '../core/headers.ts';
import type { HeadScanner } from './head-scanner.ts';

/** What a walk over the fields of one head found. Reused: read it before the next walk. */
export interface FieldWalk {
  /** What is end-to-end; the caller may keep it. */
  fields: HeaderFields;
  host: string;
  hostCount: number;
  /** Value of Content-Length and Transfer-Encoding, and how often each was there. */
  length: string;
  lengthCount: number;
  coding: string;
  codingCount: number;
  expect: string;
  upgrade: string;
  close: boolean;
  /** `Connection` named `upgrade`. */
  wantsUpgrade: boolean;
}

const walk: FieldWalk = {
  fields: new HeaderFields(),
  host: '',
  hostCount: 0,
  length: '',
  lengthCount: 0,
  coding: '',
  codingCount: 0,
  expect: '',
  upgrade: '',
  close: false,
  wantsUpgrade: false,
};

/** What `Connection` never takes away: it would be a way to strip what others added or rely on. */
const PROTECTED = new Set([
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'forwarded',
  'via',
  'traceparent',
  'tracestate',
  'x-real-ip',
  'x-request-id',
  'date',
  'location',
  'cache-control',
  'origin',
]);
const PROTECTED_PREFIXES = ['x-forwarded-', 'content-', 'x-cutover-'];

let connectionValue = '';

/**
 * Sorts the fields of a complete head: connection-specific and framing fields are taken out (RFC 9110,
 * section 7.6.1), and what they said is returned.
 * @param dropUnderscores drops names with `_`, which many servers cannot tell from `-` (nginx's default)
 * @returns one object that is reused by the next call; only its `fields` may be kept
 */
export function walkFields(scanner: HeadScanner, dropUnderscores: boolean): FieldWalk {
  const { text, offsets, fieldCount } = scanner;
  startWalk();
  const mayDrop = dropUnderscores && text.includes('_');
  const spans: number[] = [];
  for (let slot = 0; slot < fieldCount * 4; slot += 4) {
    const nameStart = offsets[slot] as number;
    const nameEnd = offsets[slot + 1] as number;
    const valueStart = offsets[slot + 2] as number;
    const valueEnd = offsets[slot + 3] as number;
    if (mayBeSpecial(nameEnd - nameStart, text.charCodeAt(nameStart))) {
      if (takeSpecial(text.slice(nameStart, nameEnd), text, valueStart, valueEnd)) continue;
    }
    if (mayDrop && text.slice(nameStart, nameEnd).includes('_')) continue;
    spans.push(spanOf(nameStart, nameEnd), spanOf(valueStart, valueEnd));
  }
  walk.fields = HeaderFields.received(text, spans);
  if (connectionValue !== '') applyConnection(connectionValue);
  return walk;
}

function startWalk(): void {
  connectionValue = '';
  walk.host = '';
  walk.hostCount = 0;
  walk.length = '';
  walk.lengthCount = 0;
  walk.coding = '';
  walk.codingCount = 0;
  walk.expect = '';
  walk.upgrade = '';
  walk.close = false;
  walk.wantsUpgrade = false;
}

/** Names that the wire takes for itself. */
const SPECIAL = [
  'te',
  'host',
  'expect',
  'upgrade',
  'trailer',
  'connection',
  'keep-alive',
  'content-length',
  'http2-settings',
  'proxy-connection',
  'transfer-encoding',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
];

/** For each length of a special name, the letters such names begin with, as bits; length and first letter decide for most. */
const SPECIAL_STARTS = new Int32Array(32);
for (const name of SPECIAL) {
  SPECIAL_STARTS[name.length] = (SPECIAL_STARTS[name.length] as number) | (1 << (name.charCodeAt(0) & 31));
}

function mayBeSpecial(length: number, first: number): boolean {
  return length < 32 && (((SPECIAL_STARTS[length] as number) >> (first & 31)) & 1) === 1;
}

function takeSpecial(name: string, text: string, from: number, to: number): boolean {
  switch (name.toLowerCase()) {
    case 'host':
      walk.host = text.slice(from, to);
      walk.hostCount += 1;
      return true;
    case 'content-length':
      walk.length = text.slice(from, to);
      walk.lengthCount += 1;
      return true;
    case 'transfer-encoding':
      walk.coding = text.slice(from, to).toLowerCase();
      walk.codingCount += 1;
      return true;
    case 'connection':
      connectionValue = joined(connectionValue, text.slice(from, to));
      return true;
    case 'expect':
      walk.expect = joined(walk.expect, text.slice(from, to).toLowerCase());
      return true;
    case 'upgrade':
      walk.upgrade = joined(walk.upgrade, text.slice(from, to).toLowerCase());
      return true;
    default:
      return SPECIAL.includes(name.toLowerCase());
  }
}

function joined(before: string, value: string): string {
  return before === '' ? value : `${before},${value}`;
}

function applyConnection(value: string): void {
  if (value === 'keep-alive') return;
  if (value === 'close') {
    walk.close = true;
    return;
  }
  for (const part of value.split(',')) {
    const option = part.trim().toLowerCase();
    if (option === 'close') walk.close = true;
    else if (option === 'upgrade') walk.wantsUpgrade = true;
    else if (option !== '' && !isProtected(option)) walk.fields.remove(option);
  }
}

function isProtected(option: string): boolean {
  return PROTECTED.has(option) || PROTECTED_PREFIXES.some((prefix) => option.startsWith(prefix));
}

/** The value of Content-Length, or -1 when it is not digits alone or too long to be exact. */
export function parseLength(value: string): number {
  if (value.length === 0 || value.length > 15) return -1;
  let length = 0;
  for (let index = 0; index < value.length; index += 1) {
    const digit = value.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}
