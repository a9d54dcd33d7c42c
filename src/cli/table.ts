/** One column of a table: its heading, and whether its cells are numbers (set flush right). */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/**
 * An aligned table with two spaces between the columns and no trailing blanks.
 * @param rows cells in the order of the columns
 * @param head paints the heading line
 * @returns lines, each ended by a newline
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  head: (line: string) => string = String,
): string {
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => pad(cells[at] ?? '', widths[at] ?? 0, column.right === true))
      .join('  ')
      .trimEnd();
  const lines = [head(line(columns.map((column) => column.title))), ...rows.map(line)];
  return `${lines.join('\n')}\n`;
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}
