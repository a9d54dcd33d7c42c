/**
 * Takes a field value apart at a separator that stands outside quoted strings (RFC 9110, section 5.6.4: inside
 * double quotes a comma is text, and a backslash hides the next character). A quote that is never closed reaches
 * to the end of the value.
 * @param separator one character
 * @returns the parts without the white space around them, empty ones too
 */
export function splitOutsideQuotes(value: string, separator: ',' | ';'): string[] {
  if (!value.includes('"')) return value.split(separator).map((each) => each.trim());
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at];
    if (character === '"') quoted = !quoted;
    else if (quoted && character === '\\') at += 1;
    else if (!quoted && character === separator) {
      parts.push(value.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, value.slice(start).trim()];
}

const QUOTED = /("(?:[^"\\]|\\.)*(?:"|$))/s;

/** A text in lower case, but for its quoted strings, where case means something. */
export function lowerOutsideQuotes(text: string): string {
  if (!text.includes('"')) return text.toLowerCase();
  return text
    .split(QUOTED)
    .map((part) => (part.startsWith('"') ? part : part.toLowerCase()))
    .join('');
}
