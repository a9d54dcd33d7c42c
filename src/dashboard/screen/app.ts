import { useApp, useInput, useWindowSize } from 'ink';
import type { Key } from 'ink';
import { createElement as h, useState, useSyncExternalStore } from 'react';
import type { ReactElement } from 'react';
import type { Feed } from '../feed.ts';
import { frameOf } from '../frame.ts';
import type { Frame } from '../frame.ts';
import type { Glyphs } from '../glyphs.ts';
import { FIRST_UI, pressAll } from '../ui.ts';
import type { Leave, Pressed } from '../ui.ts';
import { viewOf } from '../view-model.ts';
import { Screen } from './screen.ts';

interface AppProps {
  readonly feed: Feed;
  readonly glyphs: Glyphs;
  /** What stands behind a verb to reach the same gateway. */
  readonly flags: string;
}

/** How the user left, and what was on the screen then. */
export interface Left {
  readonly how: Leave;
  readonly frame: Frame;
}

/** The dashboard: what is known, what the user has chosen, and the keys. */
export function App({ feed, glyphs, flags }: AppProps): ReactElement {
  const known = useSyncExternalStore(feed.subscribe, feed.snapshot);
  const size = useWindowSize();
  const { exit } = useApp();
  const [ui, setUi] = useState(FIRST_UI);
  const frame = frameOf({ view: viewOf(ui.frozen ?? known), ui, size, glyphs, flags });
  useInput((input, key) => {
    const { most, page } = frame;
    const outcome = pressAll(ui, pressedOf(input, key), { known, most, page });
    setUi(outcome.ui);
    if (outcome.refresh === true) feed.refresh();
    if (outcome.leave !== undefined) exit({ how: outcome.leave, frame } satisfies Left);
  });
  return h(Screen, { frame, glyphs });
}

function pressedOf(input: string, key: Key): Pressed[] {
  if (key.ctrl) return input === 'c' ? [{ name: 'interrupt' }] : [];
  if (key.tab) return [{ name: key.shift ? 'back tab' : 'tab' }];
  if (key.upArrow) return [{ name: 'up' }];
  if (key.downArrow) return [{ name: 'down' }];
  if (key.pageUp) return [{ name: 'page up' }];
  if (key.pageDown) return [{ name: 'page down' }];
  if (key.escape) return [{ name: 'escape' }];
  return Array.from(input).map((char) => ({ char }));
}
