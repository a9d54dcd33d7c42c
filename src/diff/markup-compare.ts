import { hash32 } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { Findings } from './findings.ts';
import { align, type Run } from './json-align.ts';
import { placeName, readMarkup, type MarkupToken } from './markup.ts';
import { isSensitiveName } from './secret-names.ts';
import { compareText } from './text.ts';
import { isWellFormedXml } from './xml-form.ts';

/**
 * Compares two documents of HTML or XML by what they say, each difference by its place. HTML can be made sense of however
 * it is written; XML that is not well-formed is refused by whoever reads it, and so it is only a text.
 */
export function compareMarkup(
  [legacy, candidate]: readonly [Uint8Array, Uint8Array],
  form: 'html' | 'xml',
  findings: Findings,
): void {
  const [oneText, otherText] = texts(legacy, candidate);
  if (form === 'xml' && !(isWellFormedXml(oneText) && isWellFormedXml(otherText))) {
    compareText(legacy, candidate, findings);
    return;
  }
  const one = readMarkup(oneText, form, LIMITS.jsonNodes);
  const other = one === null ? null : readMarkup(otherText, form, LIMITS.jsonNodes);
  const runs = one === null || other === null ? null : runsOf(one, other);
  if (one === null || other === null || runs === null) compareText(legacy, candidate, findings);
  else new MarkupComparison([one, other], findings).compare(runs);
}

/** Of two documents that share less than half of their pieces one is another page: null, and that is one difference. */
function runsOf(legacy: readonly MarkupToken[], candidate: readonly MarkupToken[]): Run[] | null {
  const [ones, others] = [legacy.map(digestOf), candidate.map(digestOf)];
  const runs = align(ones, others, { cells: LIMITS.jsonAlignCells });
  let shared = 0;
  for (const run of runs) {
    for (let index = 0; index < Math.min(run.legacyCount, run.candidateCount); index += 1) {
      if (ones[run.legacyStart + index] === others[run.candidateStart + index]) shared += 1;
    }
  }
  return 2 * shared < Math.max(ones.length, others.length) ? null : runs;
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Both in the same reading, so that bytes that are no UTF-8 are not all taken for one character. */
function texts(legacy: Uint8Array, candidate: Uint8Array): [legacy: string, candidate: string] {
  try {
    return [STRICT_UTF8.decode(legacy), STRICT_UTF8.decode(candidate)];
  } catch {
    return [latin1(legacy), latin1(candidate)];
  }
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

class MarkupComparison {
  private readonly legacy: readonly MarkupToken[];
  private readonly candidate: readonly MarkupToken[];
  private readonly findings: Findings;

  constructor([legacy, candidate]: readonly [MarkupToken[], MarkupToken[]], findings: Findings) {
    this.legacy = legacy;
    this.candidate = candidate;
    this.findings = findings;
  }

  compare(runs: readonly Run[]): void {
    for (const run of runs) this.compareRun(run);
  }

  private compareRun({ legacyStart, legacyCount, candidateStart, candidateCount }: Run): void {
    const ones = this.legacy.slice(legacyStart, legacyStart + legacyCount);
    const others = this.candidate.slice(candidateStart, candidateStart + candidateCount);
    const alike =
      ones.length === others.length && ones.every((one, at) => areAlike(one, others[at] as MarkupToken));
    if (!alike) this.noteStretch(ones, others);
    else for (const [at, one] of ones.entries()) this.compareToken(one, others[at] as MarkupToken);
  }

  private compareToken(legacy: MarkupToken, candidate: MarkupToken): void {
    const path = `${pathOf(legacy)}/`;
    if (legacy.kind === 'open') this.compareAttributes(`${path}${placeName(legacy.text)}`, legacy, candidate);
    else if (legacy.text !== candidate.text) {
      this.note(`${path}${legacy.kind === 'text' ? '#text' : '#other'}`, legacy.text, candidate.text);
    }
  }

  /** A name that stands twice counts once, with its first value, as it does for browsers. */
  private compareAttributes(path: string, legacy: MarkupToken, candidate: MarkupToken): void {
    const [ones, others] = [
      new Map(legacy.attributes.toReversed()),
      new Map(candidate.attributes.toReversed()),
    ];
    // What a form field or a meta tag holds is secret by the name it has.
    const secret = [...ones.values(), ...others.values()].some(isSensitiveName);
    for (const name of new Set([...ones.keys(), ...others.keys()])) {
      const [one = null, other = null] = [ones.get(name), others.get(name)];
      if (one === other) continue;
      const place = `${path}/@${placeName(name)}`;
      const holdsValue = name === 'value' || name === 'content';
      if ((secret && holdsValue) || isSensitiveName(name)) this.noteHidden(place, one, other);
      else this.note(place, one, other);
    }
  }

  private noteHidden(path: string, legacy: string | null, candidate: string | null): void {
    const bounded = path.slice(0, LIMITS.exampleChars).toWellFormed();
    if (
      legacy !== null &&
      candidate !== null &&
      this.findings.forgives('body_text', bounded, legacy, candidate)
    )
      return;
    if (!this.findings.count('body_text', bounded)) return;
    this.findings.keepHidden('body_text', bounded, 'field', {
      legacy: legacy !== null,
      candidate: candidate !== null,
    });
  }

  private note(path: string, legacy: string | null, candidate: string | null): void {
    this.findings.add('body_text', path.slice(0, LIMITS.exampleChars).toWellFormed(), legacy, candidate);
  }

  /** Everything that was put in at one place, taken out or exchanged is one difference, at what surrounds it. */
  private noteStretch(legacy: readonly MarkupToken[], candidate: readonly MarkupToken[]): void {
    const first = legacy[0] ?? candidate[0];
    if (first === undefined) return;
    const said = (tokens: readonly MarkupToken[]): string | null =>
      tokens.length === 0 ? null : tokens.slice(0, SHOWN).map(written).join('');
    const depths = [...legacy, ...candidate].map(pathOf);
    this.note(
      depths.reduce((one, other) => (other.length < one.length ? other : one)),
      said(legacy),
      said(candidate),
    );
  }
}

/** Pieces of a stretch that are written down; an example is cut at 256 characters anyway. */
const SHOWN = 16;

function digestOf({ kind, text, attributes }: MarkupToken): number {
  let sum = hash32(text, kind.charCodeAt(0));
  for (const [name, value] of attributes) sum = (Math.imul(sum, 31) + hash32(name, hash32(value))) >>> 0;
  return sum;
}

/** Whether two pieces may be the same one, changed. */
function areAlike(legacy: MarkupToken, candidate: MarkupToken): boolean {
  if (legacy.kind !== candidate.kind || legacy.place !== candidate.place) return false;
  return legacy.kind === 'text' || legacy.kind === 'other' || legacy.text === candidate.text;
}

function pathOf({ place }: MarkupToken): string {
  return place === '' ? 'body' : `body/${place}`;
}

function written({ kind, text, attributes }: MarkupToken): string {
  if (kind === 'text' || kind === 'other') return text;
  if (kind === 'close') return `</${text}>`;
  return `<${[text, ...attributes.map(([name, value]) => `${name}="${value}"`)].join(' ')}>`;
}
