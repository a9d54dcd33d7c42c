/** White space of JSON (RFC 8259, section 2). */
const BLANK = /[ \t\n\r]/;

/**
 * Whether an object of this document has two members of one name: readers disagree about which of them counts
 * (RFC 7515, section 4, and RFC 8725, section 2.6), so that neither may decide about anything.
 * @param text valid JSON
 */
export function hasDuplicateKeys(text: string): boolean {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '{' || char === '[') open.push(new Set());
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = endOfString(text, at);
      if (isFollowedByColon(text, end)) {
        const key = JSON.parse(text.slice(at, end)) as string;
        const keys = open.at(-1);
        if (keys?.has(key) === true) return true;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return false;
}

/** The index behind the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  while (BLANK.test(text[at] ?? '')) at += 1;
  return text[at] === ':';
}
