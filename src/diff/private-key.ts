const BEGIN = '-----BEGIN ';
const END = '-----END ';
/** Labels of RFC 7468 and of what came before it: `PRIVATE KEY`, `RSA PRIVATE KEY`, `OPENSSH PRIVATE KEY`, … */
const LABEL = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/y;
const CLOSING = /-----END [^-]{0,60}-{0,5}/y;

/** A part of a text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Private keys in PEM, from the first dash to the last, however short their lines are; to the end where none is. */
export function privateKeysIn(text: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(BEGIN); at !== -1; at = text.indexOf(BEGIN, at)) {
    const start = at;
    at += BEGIN.length;
    LABEL.lastIndex = start;
    if (!LABEL.test(text)) continue;
    at = endOf(text, at);
    spans.push({ start, end: at });
  }
  return spans;
}

/** Whether a place is inside of a private key. */
export function isInPrivateKey(text: string, at: number): boolean {
  return privateKeysIn(text).some(({ start, end }) => start <= at && at < end);
}

function endOf(text: string, from: number): number {
  const end = text.indexOf(END, from);
  if (end === -1) return text.length;
  CLOSING.lastIndex = end;
  CLOSING.test(text);
  return CLOSING.lastIndex;
}
