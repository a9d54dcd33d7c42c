import type { Findings } from './findings.ts';
import { splitOutsideQuotes } from './quoted.ts';

/** A Content-Type taken apart (RFC 9110, section 8.3.1), in lower case. */
export interface MediaType {
  readonly essence: string;
  /** '' when none is given. */
  readonly charset: string;
}

/** How a body is compared. */
export type BodyForm = 'json' | 'lines' | 'html' | 'xml' | 'text' | 'bytes';

const JSON_TYPE = /^(?:application|text)\/(?:x-)?json$|\+json$/;
/** JSON documents, one a line. */
const LINES_TYPE = /^application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|ldjson)$/;
const XML_TYPE = /^(?:text|application)\/xml$|\+xml$/;
const TEXT_TYPE =
  /^text\/|^application\/(?:javascript|x-javascript|ecmascript|x-www-form-urlencoded|graphql|yaml|x-yaml|sql)/;

/** Types that were taken apart; a service has a handful of them. */
const known = new Map<string | undefined, MediaType>();
const KNOWN = 200;

/** Takes a field value apart; undefined gives the empty type. */
export function parseMediaType(value: string | undefined): MediaType {
  let type = known.get(value);
  if (type === undefined) {
    type = takenApart(value);
    if (known.size < KNOWN) known.set(value, type);
  }
  return type;
}

function takenApart(value: string | undefined): MediaType {
  const [essence = '', ...parameters] = splitOutsideQuotes((value ?? '').toLowerCase(), ';');
  const charset = parameters.find((each) => each.startsWith('charset='));
  const name = (charset ?? '').slice('charset='.length).replaceAll('"', '').trim();
  return { essence, charset: name === 'utf8' ? 'utf-8' : name };
}

/** What a type says about its body. */
export function bodyForm({ essence }: MediaType): BodyForm {
  if (JSON_TYPE.test(essence)) return 'json';
  if (LINES_TYPE.test(essence)) return 'lines';
  if (essence === 'text/html' || essence === 'application/xhtml+xml') return 'html';
  if (XML_TYPE.test(essence)) return 'xml';
  return TEXT_TYPE.test(essence) ? 'text' : 'bytes';
}

/** Every Content-Type there is, one by one: clients do not agree on which of two counts. */
export function compareMediaTypes(
  legacy: readonly string[],
  candidate: readonly string[],
  findings: Findings,
): void {
  const [ones, others] = [legacy.filter(isSaid), candidate.filter(isSaid)];
  if (ones.length !== others.length) {
    findings.add('content_type', 'content-type', ones.join(' | ') || null, others.join(' | ') || null);
    return;
  }
  for (const [index, one] of ones.entries()) compareMediaType(one, others[index] as string, findings);
}

function isSaid(value: string): boolean {
  return value.trim() !== '';
}

/** Type and charset apart from each other; other parameters (a multipart boundary) are chosen anew each time. */
function compareMediaType(legacy: string, candidate: string, findings: Findings): void {
  const [one, other] = [parseMediaType(legacy), parseMediaType(candidate)];
  if (one.essence !== other.essence) findings.add('content_type', 'content-type', legacy, candidate);
  else if (charsetOf(one) !== charsetOf(other)) {
    findings.add('content_type', 'content-type/charset', one.charset || null, other.charset || null);
  }
}

/** JSON is UTF-8 whatever is said (RFC 8259, section 8.1); elsewhere no charset means that the client guesses. */
function charsetOf(type: MediaType): string {
  return type.charset === '' && bodyForm(type) === 'json' ? 'utf-8' : type.charset;
}
