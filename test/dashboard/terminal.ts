import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { Feed } from '../../src/dashboard/feed.ts';
import type { Reads } from '../../src/dashboard/feed.ts';
import { UNICODE } from '../../src/dashboard/glyphs.ts';
import type { Known } from '../../src/dashboard/known.ts';
import type { Shown } from '../../src/dashboard/show.ts';
import { until } from '../kit/until.ts';
import { knownOf, regional } from './samples.ts';

/** Reads that never change and never end. */
export const quiet: Reads = {
  status: () => Promise.resolve(regional),
  differences: () => new Promise(() => {}),
  follow: () => new Promise(() => {}),
};

/** A dashboard on a terminal that only this process sees. */
export interface Terminal {
  readonly feed: Feed;
  /** Everything written so far. */
  readonly written: () => string;
  /** Types, and waits until the screen has answered with a text. */
  readonly type: (keys: string, answer: RegExp) => Promise<void>;
  readonly press: (keys: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly rawMode: () => boolean;
  readonly shown: Promise<Shown>;
}

/** Starts it; it ends with the signal or a key. */
export async function terminal(signal: AbortSignal, known: Known = knownOf()): Promise<Terminal> {
  process.env['FORCE_COLOR'] ??= '0';
  // Ink patches the console with it, and the console of vitest has none.
  Object.assign(console, { Console });
  const { show } = await import('../../src/dashboard/show.ts');
  let written = '';
  let raw = false;
  const size = { isTTY: true, columns: 120, rows: 40 };
  const stdout = Object.assign(new PassThrough(), size);
  stdout.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const setRawMode = (on: boolean): void => void (raw = on);
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode, ref: () => {}, unref: () => {} });
  const feed = new Feed(known, quiet, 60_000);
  const shown = show({
    feed,
    glyphs: UNICODE,
    flags: ' -c cutover.yaml',
    signal,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stdin: stdin as unknown as NodeJS.ReadStream,
  });
  const press = (keys: string): void => void stdin.write(keys);
  await Promise.race([shown, until(() => raw && written.includes('Overview'), 'the first frame')]);
  return {
    feed,
    shown,
    press,
    written: () => written,
    rawMode: () => raw,
    async type(keys, answer) {
      const from = written.length;
      press(keys);
      await until(() => answer.test(written.slice(from)), `${String(answer)} after ${keys}`);
    },
    resize(columns, rows) {
      Object.assign(stdout, { columns, rows });
      stdout.emit('resize');
    },
  };
}
