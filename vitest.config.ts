import { defineConfig } from 'vitest/config';

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  throw new Error(
    `The tests need Node 24 or newer and this is ${process.versions.node}.\n` +
      'Run them as `npm test`, which picks the pinned runtime in node_modules/.bin (npm ci installs it).',
  );
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
