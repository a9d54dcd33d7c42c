// What `import { defineFilter } from 'cutover'` finds: the sources in a checkout, the compiled files in an installed
// package. A gateway that loads a filter gives it its own.
import { existsSync } from 'node:fs';

const source = new URL('../src/core/filter-api.ts', import.meta.url);
const built = new URL('../dist/core/filter-api.js', import.meta.url);

export const { defineFilter, OptionError } = await import((existsSync(source) ? source : built).href);
