// What `import { runFilter } from 'cutover/testing'` finds; see filters.js.
import { existsSync } from 'node:fs';

const source = new URL('../src/gateway/testing.ts', import.meta.url);
const built = new URL('../dist/gateway/testing.js', import.meta.url);

export const { runFilter } = await import((existsSync(source) ? source : built).href);
