import type { SourceFile } from './files.ts';

const TEST = /\b(?:test|it)(?:\.(?:each|for|runIf)\([\s\S]*?\))?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

/** Names of the tests in a text. */
export function testNames(text: string): string[] {
  return [...text.matchAll(TEST)].map((match) => match[2] as string);
}

/** What keeps a name from being a promise, one line each. */
export function nameProblems(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    testNames(file.text).flatMap((name) => {
      const why = problem(name);
      return why === null ? [] : [`${file.path}: "${name}" ${why}`];
    }),
  );
}

function problem(name: string): string | null {
  if (/\bshould\b/i.test(name)) return 'says "should"';
  // `NGINX` and `HTTP/1.0` are names; `Answers` is a sentence.
  if (/^\p{Lu}\p{Ll}/u.test(name)) return 'starts with a capital';
  // A placeholder brings words of its own: `refuses %s`.
  if (/%[sdjoi]|\$\{|\$\w/.test(name)) return null;
  return name.trim().split(/\s+/).length < 4 ? 'is no promise: fewer than four words' : null;
}
