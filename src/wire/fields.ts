// HOT: one walk over the fields of a head; no string is cut but those that the wire itself needs.
import { HeaderFields, spanOf, standsAt } from '../core/headers.ts';
import { LIMITS } from '../core/limits.ts';
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
  /** As written: names of protocols are compared without regard to case. */
  upgrade: string;
  close: boolean;
  /** `Connection` named `upgrade`. */
  wantsUpgrade: boolean;
  /** `Connection` named more than `LIMITS.connectionOptions`: nobody means that. */
  hasTooManyOptions: boolean;
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
  hasTooManyOptions: false,
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
    const special = specialAt(text, nameStart, nameEnd);
    if (special !== NOT_SPECIAL) {
      takeSpecial(special, text, valueStart, valueEnd);
      continue;
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
  walk.hasTooManyOptions = false;
}

/** Names that the wire takes for itself. Length and first letter tell them apart. */
const SPECIAL = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'http2-settings',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
];
const NOT_SPECIAL = -1;
const LONGEST = 32;
const SPECIAL_AT = new Int8Array(LONGEST * 32).fill(NOT_SPECIAL);
for (const [index, name] of SPECIAL.entries()) SPECIAL_AT[slotOf(name.length, name.charCodeAt(0))] = index;

function slotOf(length: number, first: number): number {
  return length * 32 + (first & 31);
}

/** Index of the special name that stands there, or {@link NOT_SPECIAL}. */
function specialAt(text: string, start: number, end: number): number {
  const length = end - start;
  if (length >= LONGEST) return NOT_SPECIAL;
  const index = SPECIAL_AT[slotOf(length, text.charCodeAt(start))] as number;
  if (index === NOT_SPECIAL) return NOT_SPECIAL;
  return standsAt(text, start, SPECIAL[index] as string) ? index : NOT_SPECIAL;
}

/** Keeps what a special field says; those without a case are dropped. */
function takeSpecial(special: number, text: string, from: number, to: number): void {
  // In the order of SPECIAL.
  switch (special) {
    case 0:
      walk.host = text.slice(from, to);
      walk.hostCount += 1;
      return;
    case 1:
      walk.length = text.slice(from, to);
      walk.lengthCount += 1;
      return;
    case 2:
      walk.coding = text.slice(from, to).toLowerCase();
      walk.codingCount += 1;
      return;
    case 3:
      connectionValue = joined(connectionValue, text.slice(from, to));
      return;
    case 4:
      walk.expect = joined(walk.expect, text.slice(from, to).toLowerCase());
      return;
    case 5:
      walk.upgrade = joined(walk.upgrade, text.slice(from, to));
      return;
    default:
      return;
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
  const parts = value.split(',', LIMITS.connectionOptions + 1);
  walk.hasTooManyOptions = parts.length > LIMITS.connectionOptions;
  for (const part of walk.hasTooManyOptions ? [] : parts) {
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
