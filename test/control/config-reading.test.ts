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
