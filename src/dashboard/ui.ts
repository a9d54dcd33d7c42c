import { BOUNDS } from './bounds.ts';
import type { Known } from './known.ts';

/** The panes in the order of their keys 1 to 5, each with the verb that says the same. */
export const PANES = [
  { name: 'Overview', verb: 'status --watch' },
  { name: 'Gates', verb: 'gate' },
  { name: 'Differences', verb: 'differences' },
  { name: 'Latency', verb: 'status' },
  { name: 'Events', verb: 'history' },
] as const;

/** What the user has chosen. */
export interface Ui {
  /** Index in `PANES`. */
  readonly pane: number;
  readonly help: boolean;
  /** Lines the pane is scrolled by. */
  readonly offset: number;
  /** What was known when the display was frozen, or null while it moves. */
  readonly frozen: Known | null;
  /** The command line that says the same stands in the last line. */
  readonly command: boolean;
}

export const FIRST_UI: Ui = { pane: 0, help: false, offset: 0, frozen: null, command: false };

/** How the user left. */
export type Leave = 'quit' | 'keep' | 'interrupt';

/** One key as it was pressed: its character, or the name of a key that has none. */
export type Pressed =
  | { readonly char: string }
  | { readonly name: 'tab' | 'back tab' | 'up' | 'down' | 'page up' | 'page down' | 'escape' | 'interrupt' };

/** What a key is pressed on. */
export interface Situation {
  readonly known: Known;
  /** Lines of the pane below what is seen when it is not scrolled. */
  readonly most: number;
  /** Lines that are seen at once. */
  readonly page: number;
}

/** What a key comes to. */
export interface Outcome {
  readonly ui: Ui;
  readonly leave?: Leave;
  readonly refresh?: true;
}

/** What a key does: pure. An unknown key does nothing. */
export function press(ui: Ui, key: Pressed, situation: Situation): Outcome {
  return 'char' in key ? pressChar(ui, key.char, situation) : pressName(ui, key.name, situation);
}

/** Several keys of one read, in their order; more than a few are a paste and do nothing. */
export function pressAll(ui: Ui, keys: readonly Pressed[], situation: Situation): Outcome {
  if (keys.length > BOUNDS.keysAtOnce) return { ui };
  return keys.reduce<Outcome>((before, key) => ({ ...before, ...press(before.ui, key, situation) }), { ui });
}

function pressChar(ui: Ui, char: string, situation: Situation): Outcome {
  if (char >= '1' && char <= String(PANES.length)) return { ui: opened(ui, Number(char) - 1) };
  switch (char) {
    case 'q':
      return { ui, leave: 'quit' };
    case 'Q':
      return { ui, leave: 'keep' };
    case '?':
    case 'h':
      return { ui: { ...ui, help: !ui.help } };
    case 'p':
      return { ui: { ...ui, frozen: ui.frozen === null ? situation.known : null } };
    case 'r':
      return { ui: { ...ui, frozen: null }, refresh: true };
    case 'y':
      return { ui: { ...ui, command: !ui.command } };
    case 'j':
      return { ui: scrolled(ui, 1, situation) };
    case 'k':
      return { ui: scrolled(ui, -1, situation) };
    case 'g':
      return { ui: { ...ui, offset: 0 } };
    case 'G':
      return { ui: { ...ui, offset: situation.most } };
    default:
      return { ui };
  }
}

function pressName(ui: Ui, name: Extract<Pressed, { name: string }>['name'], situation: Situation): Outcome {
  switch (name) {
    case 'interrupt':
      return { ui, leave: 'interrupt' };
    case 'escape':
      return { ui: ui.help ? { ...ui, help: false } : opened(ui, 0) };
    case 'tab':
      return { ui: opened(ui, (ui.pane + 1) % PANES.length) };
    case 'back tab':
      return { ui: opened(ui, (ui.pane + PANES.length - 1) % PANES.length) };
    case 'up':
      return { ui: scrolled(ui, -1, situation) };
    case 'down':
      return { ui: scrolled(ui, 1, situation) };
    case 'page up':
      return { ui: scrolled(ui, -situation.page, situation) };
    case 'page down':
      return { ui: scrolled(ui, situation.page, situation) };
  }
}

function opened(ui: Ui, pane: number): Ui {
  return { ...ui, pane, help: false, offset: 0 };
}

function scrolled(ui: Ui, lines: number, { most }: Situation): Ui {
  return { ...ui, offset: Math.min(most, Math.max(0, Math.min(ui.offset, most) + lines)) };
}
