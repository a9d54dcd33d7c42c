import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig, readNow } from '../../src/control/config-reading.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { SMALLEST, folderWith } from '../config/kit.ts';

const TIMEOUT = { timeout: 60_000 };
const large = `${SMALLEST}\n# ${'x'.repeat(LIMITS.configThreadBytes)}\n`;

test(
  'a large configuration is read in a thread as it is read here, while others go on',
  TIMEOUT,
  async () => {
    const file = join(folderWith({ 'cutover.yaml': large }), 'cutover.yaml');
    const before = large.replace('127.0.0.1:8080', '127.0.0.1:8090');
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const read = await readConfig({ file, text: null, before });
    clearInterval(counting);
    expect(turns).toBeGreaterThan(3);
    expect(read).toEqual(readNow({ file, text: null, before }));
    expect(read.loaded.ok).toBe(true);
    expect(read.found?.changes).toEqual([
      { key: 'listen[1].address', from: '127.0.0.1:8090', to: '127.0.0.1:8080' },
    ]);
  },
);

test('mistakes of a large configuration and of a pushed text come with their places', TIMEOUT, async () => {
  const file = join(folderWith({ 'cutover.yaml': SMALLEST }), 'cutover.yaml');
  const wrong = large.replace('listen:', 'lisen:');
  for (const text of [wrong, SMALLEST.replace('listen:', 'lisen:')]) {
    const { loaded, found } = await readConfig({ file, text, before: SMALLEST });
    expect([loaded.ok, found]).toEqual([false, null]);
    expect(!loaded.ok && loaded.problems.some(({ message }) => message.includes('lisen'))).toBe(true);
  }
  expect((await readConfig({ file: `${file}.gone`, text: null, before: null })).loaded.ok).toBe(false);
});

test(
  'the thread of large configurations is kept, and knows what variables were before they had values',
  TIMEOUT,
  async () => {
    const folder = folderWith({ 'cutover.yaml': large });
    const file = join(folder, 'cutover.yaml');
    const of = (candidate: string, legacy = 'a') =>
      large
        .replace('127.0.0.1:7001', candidate)
        .replace('http://127.0.0.1:8081', `"\${NO_HOST:-http://${legacy}:80}"`);
    const [first, second] = [of('127.0.0.1:7002'), of('127.0.0.1:7003')];
    for (const [before, text] of [
      [first, second],
      [second, first],
    ] as const) {
      const read = await readConfig({ file, text, before });
      expect(read.loaded.ok).toBe(true);
      expect(read.found?.changes.map(({ key }) => key)).toEqual(['candidate.servers']);
    }
    const other = await readConfig({ file, text: of('127.0.0.1:7002', 'b'), before: first });
    expect(other.found?.changes).toEqual([
      { key: 'legacy.servers', from: '["${NO_HOST:-http://a:80}"]', to: '["${NO_HOST:-http://b:80}"]' },
    ]);
  },
);
