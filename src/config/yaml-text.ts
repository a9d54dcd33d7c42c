import { parseDocument } from 'yaml';
import type { Document, LineCounter } from 'yaml';

/**
 * Parses one document. Keys that stand twice are no errors here: `scan.ts` finds them.
 * @throws what the parser throws
 */
export function parseYaml(text: string, lineCounter: LineCounter): Document.Parsed {
  return withPlainEnvironment(() =>
    parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false }),
  );
}

/**
 * The parser asks `process.env.LOG_TOKENS` at each of its tokens, and Node asks the C library each time: two fifths of the
 * time of parsing. For as long as it runs, and nothing else does, the environment is an object without that way.
 */
function withPlainEnvironment<T>(run: () => T): T {
  const environment = process.env;
  process.env = {};
  try {
    return run();
  } finally {
    process.env = environment;
  }
}
