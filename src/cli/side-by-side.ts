/** One line of a comparison: what it is about, and what each side says. */
export type Side = readonly [name: string, legacy: string, candidate: string];

/** Narrowest column of values, and widest of names: below it everything is wrapped all the same. */
const LEAST_VALUE = 12;
const MOST_NAME = 28;
const GAP = '  ';

/**
 * Both sides beside each other in columns of equal width; what is longer goes on in the next line of its own column.
 * @param columns characters of a line
 * @returns lines without trailing blanks, each ended by a newline
 */
export function sideBySide(titles: Side, rows: readonly Side[], columns: number): string {
  const longest = Math.max(...[titles, ...rows].map(([name]) => chars(name)));
  const name = Math.min(MOST_NAME, longest, Math.max(LEAST_VALUE, Math.floor(columns / 3)));
  const value = Math.max(LEAST_VALUE, Math.floor((columns - name - 2 * GAP.length) / 2));
  return [titles, ...rows].flatMap((row) => linesOf(row, [name, value, value])).join('');
}

function linesOf(row: Side, widths: readonly number[]): string[] {
  const cells = row.map((text, at) => wrapped(text, widths[at] ?? LEAST_VALUE));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const parts = cells.map((lines, at) => padded(lines[line] ?? '', widths[at] ?? 0));
    return `${parts.join(GAP).trimEnd()}\n`;
  });
}

/** In pieces of at most so many characters, at blanks where there are some. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = Array.from(text);
  while (rest.length > width) {
    const blank = rest.slice(0, width + 1).lastIndexOf(' ');
    const at = blank > width / 2 ? blank : width;
    lines.push(rest.slice(0, at).join(''));
    rest = rest.slice(rest[at] === ' ' ? at + 1 : at);
  }
  return [...lines, rest.join('')];
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - chars(text)));
}

function chars(text: string): number {
  return Array.from(text).length;
}
