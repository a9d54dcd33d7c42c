// HOT: one walk over the fields of a head; strings are cut from the head's text once.
import type { HeadScanner } from './head-scanner.ts';

/** What a walk over the fields of one head found. Reused: read it before the next walk. */
export interface FieldWalk {
  /** name, value, … of what is end-to-end; the caller may keep it. */
  list: string[];
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
  list: [],
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
 * @returns one object that is reused by the next call; only its `list` may be kept
 */
export function walkFields(scanner: HeadScanner, dropUnderscores: boolean): FieldWalk {
  const { text, offsets, fieldCount } = scanner;
  startWalk();
  const { list } = walk;
  for (let slot = 0; slot < fieldCount * 4; slot += 4) {
    const name = text.slice(offsets[slot], offsets[slot + 1]);
    const valueStart = offsets[slot + 2] as number;
    const valueEnd = offsets[slot + 3] as number;
    if (isSpecialLength(name.length) && takeSpecial(name, text, valueStart, valueEnd)) continue;
    if (dropUnderscores && name.includes('_')) continue;
    list.push(name, text.slice(valueStart, valueEnd));
  }
  if (connectionValue !== '') applyConnection(connectionValue);
  return walk;
}

function startWalk(): void {
  connectionValue = '';
  walk.list = [];
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

function isSpecialLength(length: number): boolean {
  return SPECIAL_LENGTHS[length] === 1;
}

const SPECIAL_LENGTHS = new Uint8Array(64);
for (const length of [2, 4, 6, 7, 10, 14, 16, 17, 18, 19, 25]) SPECIAL_LENGTHS[length] = 1;

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
    case 'te':
    case 'trailer':
    case 'keep-alive':
    case 'http2-settings':
    case 'proxy-connection':
    case 'proxy-authenticate':
    case 'proxy-authorization':
    case 'proxy-authentication-info':
      return true;
    default:
      return false;
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
  let named: Set<string> | null = null;
  for (const part of value.split(',')) {
    const option = part.trim().toLowerCase();
    if (option === 'close') walk.close = true;
    else if (option === 'upgrade') walk.wantsUpgrade = true;
    else if (option !== '' && !isProtected(option)) (named ??= new Set()).add(option);
  }
  if (named !== null) strip(walk.list, named);
}

function isProtected(option: string): boolean {
  return PROTECTED.has(option) || PROTECTED_PREFIXES.some((prefix) => option.startsWith(prefix));
}

function strip(list: string[], named: Set<string>): void {
  let kept = 0;
  for (let index = 0; index < list.length; index += 2) {
    const name = list[index] as string;
    if (named.has(name.toLowerCase())) continue;
    list[kept] = name;
    list[kept + 1] = list[index + 1] as string;
    kept += 2;
  }
  list.length = kept;
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
