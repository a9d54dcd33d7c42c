import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../kit/until.ts';
import { terminal } from './terminal.ts';
import type { Terminal } from './terminal.ts';

const OTHER_SCREEN = '\x1b[?1049h';
const OWN_SCREEN = '\x1b[?1049l';

async function started(stop = new AbortController()): Promise<Terminal> {
  onTestFinished(() => stop.abort());
  return await terminal(stop.signal);
}

test('keys open panes, help and the command line that says the same', async () => {
  const screen = await started();
  await screen.type('2', /Requirements/);
  await screen.type('\t', /Differences/);
  await screen.type('y', /the same: cutover differences -c cutover\.yaml/);
  await screen.type('y4', /All requests of each lane/);
  await screen.type('\x1b[Z', /d41d8cd9/);
  await screen.type('?', /leave the last frame/);
  await screen.type('\x1b', /new difference|d41d8cd9/);
  await screen.type('\x1b', /Shares of the candidate/);
});

test('q gives the terminal back as it was', async () => {
  const screen = await started();
  expect(screen.written()).toContain(OTHER_SCREEN);
  screen.press('q');
  expect(await screen.shown).toEqual({ how: 'quit', kept: null });
  expect(screen.rawMode()).toBe(false);
  const end = screen.written().slice(screen.written().lastIndexOf(OWN_SCREEN));
  expect(end).toBe(`${OWN_SCREEN}\x1b[?25h`);
});

test('Q hands over the last frame of the pane that was open', async () => {
  const screen = await started();
  await screen.type('3', /d41d8cd9/);
  screen.press('Q');
  const { how, kept } = await screen.shown;
  expect(how).toBe('keep');
  expect(kept?.split('\n')).toHaveLength(39);
  expect(kept).toContain('[3 Differences]');
  expect(kept).toContain('max-age=60 -> (absent)');
});

test('ctrl-c and a signal both leave as an interrupt', async () => {
  const typed = await started();
  typed.press('\x03');
  expect(await typed.shown).toEqual({ how: 'interrupt', kept: null });
  const stop = new AbortController();
  const signalled = await started(stop);
  stop.abort();
  expect(await signalled.shown).toEqual({ how: 'interrupt', kept: null });
  expect(signalled.written()).toContain(OWN_SCREEN);
});

test('a signal that came before the first frame ends the dashboard too', async () => {
  await expect(terminal(AbortSignal.abort()).then((screen) => screen.shown)).resolves.toMatchObject({
    how: 'interrupt',
  });
});

test('a terminal that gets narrow gets the four lines', async () => {
  const screen = await started();
  const from = screen.written().length;
  screen.resize(50, 12);
  await until(() => screen.written().slice(from).includes('errors +'), 'the small screen');
  expect(screen.written().slice(from).split('errors +')[1]).not.toContain('Overview');
});

test('many characters at once are a paste and press no key', async () => {
  const screen = await started();
  screen.press('quit now?');
  // Read on its own: two writes of one turn are one read.
  await setImmediate();
  await screen.type('2', /Requirements/);
});
