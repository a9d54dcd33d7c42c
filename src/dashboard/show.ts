import { render, renderToString } from 'ink';
import { createElement as h } from 'react';
import { BOUNDS } from './bounds.ts';
import type { Feed } from './feed.ts';
import type { Glyphs } from './glyphs.ts';
import { App } from './screen/app.ts';
import type { Left } from './screen/app.ts';
import { Screen } from './screen/screen.ts';

/** What a dashboard is shown with. Ink decides about colours when this module is loaded: set FORCE_COLOR before. */
export interface Showing {
  readonly feed: Feed;
  readonly glyphs: Glyphs;
  /** What stands behind a verb to reach the same gateway: ` -c prod.yaml`. */
  readonly flags: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Instead of the streams of this process. Both must be terminals. */
  readonly stdout?: NodeJS.WriteStream;
  readonly stdin?: NodeJS.ReadStream;
}

/** How it ended, and the last frame where the user asked to keep it. */
export interface Shown {
  readonly how: Left['how'];
  readonly kept: string | null;
}

export type Show = typeof show;

/** Shows the dashboard on the other screen of the terminal until the user leaves or the signal aborts. */
export async function show(showing: Showing): Promise<Shown> {
  const { feed, glyphs, flags, signal, stdout, stdin } = showing;
  const instance = render(h(App, { feed, glyphs, flags }), {
    alternateScreen: true,
    incrementalRendering: true,
    interactive: true,
    maxFps: BOUNDS.framesPerSecond,
    exitOnCtrlC: false,
    patchConsole: true,
    ...(stdout === undefined ? {} : { stdout }),
    ...(stdin === undefined ? {} : { stdin }),
  });
  const leave = (): void => instance.unmount();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    return shownOf((await instance.waitUntilExit()) as Left | undefined, glyphs);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function shownOf(left: Left | undefined, glyphs: Glyphs): Shown {
  if (left === undefined) return { how: 'interrupt', kept: null };
  const { how, frame } = left;
  if (how !== 'keep') return { how, kept: null };
  return { how, kept: renderToString(h(Screen, { frame, glyphs }), { columns: frame.width }) };
}
