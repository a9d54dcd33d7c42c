import type { SourceFile } from './files.ts';

const HEADING = /^### `([^`]+)\/`/;
const ROW = /^\| `([^`]+)` \|/;

/** Paths named in the file tables of ARCHITECTURE.md: a heading names a directory, each row a file in it. */
export function namedFiles(markdown: string): string[] {
  let directory = '';
  return markdown.split('\n').flatMap((line) => {
    directory = HEADING.exec(line)?.[1] ?? (/^##? /.test(line) ? '' : directory);
    const name = ROW.exec(line)?.[1];
    return name === undefined || directory === '' ? [] : [`${directory}/${name}`];
  });
}

/** What is in one list and not in the other, for a message that tells what to do. */
export function listProblems(named: readonly string[], existing: readonly string[]): string[] {
  return [
    ...existing.filter((path) => !named.includes(path)).map((path) => `${path} is not named`),
    ...named.filter((path) => !existing.includes(path)).map((path) => `${path} does not exist`),
    ...named.filter((path, at) => named.indexOf(path) !== at).map((path) => `${path} is named twice`),
  ];
}

/** Names of packages in CONTRIBUTING.md's tables of dependencies: the first cell, with its reason in the last. */
export function namedPackages(markdown: string): string[] {
  const section = /## Dependencies\n([\s\S]*?)(?=\n## |$)/.exec(markdown)?.[1] ?? '';
  return section
    .split('\n')
    .filter((line) => /^\| `[^`]+` \|.*\S.* \|$/.test(line))
    .flatMap((line) =>
      [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] as string),
    );
}

/** Commands of the shell blocks of a Markdown text: one per `&&` part, prompts and comments removed. */
export function shellCommands(markdown: string): string[] {
  return [...markdown.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => {
    const lines = block.replaceAll('\\\n', ' ').split('\n');
    const prompted = lines.some((line) => line.startsWith('$ '));
    return lines
      .filter((line) => !prompted || line.startsWith('$ '))
      .flatMap((line) =>
        line
          .replace(/^\$ /, '')
          .replace(/(^|\s)#.*$/, '')
          .split(/&&|;|\|/),
      )
      .map((part) => part.trim())
      .filter((part) => part !== '');
  });
}

// One letter of each in brackets, so that this file does not break its own law.
const MACHINE = /\/wor[k]\/(main|shared)|\/hom[e]\/[a-z]|\/User[s]\/[A-Za-z]|[A-Z]:\\+User[s]/;

/** Places that name a path of somebody's machine. */
export function machinePaths(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.text.split('\n').flatMap((line, at) => (MACHINE.test(line) ? [`${file.path}:${at + 1}`] : [])),
  );
}

/** Lines of the middle file. */
export function medianLines(files: readonly SourceFile[]): number {
  const lengths = files.map(lineCount).toSorted((a, b) => a - b);
  return lengths[Math.floor(lengths.length / 2)] ?? 0;
}

/** Files over a number of lines, with their length. */
export function tooLong(files: readonly SourceFile[], max: number): string[] {
  return files
    .filter((file) => lineCount(file) > max)
    .map((file) => `${file.path}: ${lineCount(file)} lines`);
}

function lineCount(file: SourceFile): number {
  return file.text.split('\n').length - 1;
}
