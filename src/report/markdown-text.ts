/**
 * Text that others wrote, such as paths, values and region names, for a Markdown document: it stays text, whatever it
 * holds. Nothing of it breaks a table, becomes a link, a heading, HTML or a mention of somebody.
 */

/** Control characters, line separators, lone surrogates, and what reverses the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** What Markdown, its dialects or HTML give a meaning inside of a line; and what begins a link by itself. */
const SPECIAL = /[!#$&*<>@[\\\]_`|~]|:(?=\/\/)|\.(?<=\bwww\.)/giu;

/** Foreign text as plain text. */
export function plain(text: string): string {
  return printable(text).replace(SPECIAL, (char) => `&#${char.charCodeAt(0)};`);
}

/** Foreign text in the type of code. A code span cannot hold every text inside of a table; HTML with entities can. */
export function code(text: string): string {
  const shown = printable(text);
  if (shown.trim() === '') return shown === '' ? '(empty)' : `<code>${shown.replaceAll(' ', '&#32;')}</code>`;
  return /[|`\\]|^ | $/.test(shown) ? `<code>${plain(text)}</code>` : `\`${shown}\``;
}

/** Foreign lines as a block of code; the fence is longer than any row of backticks in it. */
export function block(lines: readonly string[], language = ''): string {
  const shown = lines.map(printable);
  const longest = Math.max(
    0,
    ...(shown
      .join('\n')
      .match(/`+/g)
      ?.map((row) => row.length) ?? []),
  );
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${shown.join('\n')}\n${fence}\n`;
}

/** A table; numbers stand on the right. Cells are Markdown already: foreign text went through {@link code}. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly string[] = [],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell || ' ').join(' | ')} |\n`;
  const rule = heads.map((head) => (numbers.includes(head) ? '---:' : '---'));
  return `${line(heads)}${line(rule)}${rows.map(line).join('')}`;
}

function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
