import type { Glyphs } from './glyphs.ts';
import { fit, panelOf } from './rows.ts';
import type { Measure, Panel, Row, Section } from './rows.ts';
import { footRow, headRows, tabsRow, tinyRows } from './sections/edges.ts';
import { gatesPane, gatesSection } from './sections/gates.ts';
import { helpSection } from './sections/help.ts';
import { lanesSection, latencyPane, sharesSection } from './sections/lanes.ts';
import { differencesPane, differencesSection, eventsPane, eventsSection } from './sections/lists.ts';
import type { Ui } from './ui.ts';
import type { View } from './view-model.ts';

/** Size of a terminal in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Panels that stand below each other. */
export interface Stack {
  readonly width: number;
  readonly panels: readonly Panel[];
}

/** A whole screen as data: every line has its place, and there are never more lines than the terminal has. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly bordered: boolean;
  readonly top: readonly Row[];
  /** Side by side. */
  readonly stacks: readonly Stack[];
  readonly bottom: Stack | null;
  readonly foot: Row | null;
  /** Lines of the pane below what is seen when it is not scrolled, and lines seen at once. */
  readonly most: number;
  readonly page: number;
}

/** Everything a frame is made of. */
export interface Scene {
  readonly view: View;
  readonly ui: Ui;
  readonly size: Size;
  readonly glyphs: Glyphs;
  /** What stands behind a verb to reach the same gateway: ` -c prod.yaml`. */
  readonly flags: string;
}

/** `open` is `single` without frames: they cost lines that a low terminal does not have. */
type Layout = 'wide' | 'single' | 'open' | 'plain' | 'tiny';

const WIDE = 120;
const SINGLE = 80;
const PLAIN = 60;
const LEAST_ROWS = 16;
const FRAMED_ROWS = 30;
/** What the gates get of a wide screen. */
const LEFT = 0.62;

/** The screen of a scene. */
export function frameOf(scene: Scene): Frame {
  const { columns: width, rows } = scene.size;
  const layout = layoutOf(scene.size);
  // One line less than the terminal has: a full one would scroll on some.
  const height = Math.max(1, rows - 1);
  const bordered = isFramed(layout);
  const base = { width, height, bordered, bottom: null, foot: null, most: 0, page: 1 };
  if (layout === 'tiny') return { ...base, top: tinyRows(scene).slice(0, height), stacks: [] };
  const top = [...headRows(scene, layout === 'plain'), tabsRow(scene)];
  const body = { ...base, top, foot: footRow(scene, layout === 'plain') };
  const room = height - top.length - 1;
  if (scene.ui.help) return { ...body, ...paneOf(scene, helpSection(scene.glyphs), layout, room) };
  if (scene.ui.pane > 0) return { ...body, ...paneOf(scene, paneSection(scene, layout), layout, room) };
  return { ...body, ...overview(scene, layout, room) };
}

function layoutOf({ columns, rows }: Size): Layout {
  if (columns < PLAIN || rows < LEAST_ROWS) return 'tiny';
  if (columns < SINGLE) return 'plain';
  if (columns >= WIDE) return 'wide';
  return rows < FRAMED_ROWS ? 'open' : 'single';
}

/** Lines a panel takes beside its content. */
const chromeOf = (layout: Layout): number => (isFramed(layout) ? 2 : 1);

function isFramed(layout: Layout): boolean {
  return layout === 'wide' || layout === 'single';
}

function measureOf(width: number, layout: Layout): Measure {
  return { width: isFramed(layout) ? width - 4 : width, short: layout === 'plain' };
}

type Body = Pick<Frame, 'stacks' | 'bottom'>;

function overview(scene: Scene, layout: Layout, room: number): Body {
  const { columns: width } = scene.size;
  const chrome = chromeOf(layout);
  const events = eventsSection(scene.view.events);
  if (layout !== 'wide') {
    const sections = [...leftOf(scene, width, layout), ...rightOf(scene, width, layout), events];
    return { stacks: [{ width, panels: fit(sections, room, chrome) }], bottom: null };
  }
  const left = Math.round(width * LEFT);
  const below = Math.min(events.rows.length, Math.floor(room / 5));
  const above = room - below - chrome;
  const bottom = { width, panels: [panelOf(events, below, chrome)] };
  const stacks = [
    { width: left, panels: fit(leftOf(scene, left, layout), above, chrome) },
    { width: width - left, panels: fit(rightOf(scene, width - left, layout), above, chrome) },
  ];
  return { stacks, bottom };
}

function leftOf({ view, glyphs }: Scene, width: number, layout: Layout): Section[] {
  const measure = measureOf(width, layout);
  return [gatesSection(view.gate, glyphs, measure), sharesSection(view.shares, glyphs, measure)];
}

function rightOf({ view, glyphs }: Scene, width: number, layout: Layout): Section[] {
  const measure = measureOf(width, layout);
  return [lanesSection(view.lanes, glyphs, measure), differencesSection(view.differences, measure)];
}

function paneSection({ view, ui, glyphs, size }: Scene, layout: Layout): Section {
  const measure = measureOf(size.columns, layout);
  switch (ui.pane) {
    case 1:
      return gatesPane(view.gate, glyphs, measure);
    case 2:
      return differencesPane(view.differences, measure);
    case 3:
      return latencyPane(view.lanes, glyphs, measure);
    default:
      return eventsPane(view.events, measure);
  }
}

/** One section over the whole body, scrolled. */
function paneOf(
  scene: Scene,
  section: Section,
  layout: Layout,
  room: number,
): Body & Pick<Frame, 'most' | 'page'> {
  const page = Math.max(1, room - chromeOf(layout));
  const most = Math.max(0, section.rows.length - page);
  const offset = Math.min(scene.ui.offset, most);
  const rows = section.rows.slice(offset, offset + page);
  const place = most === 0 ? '' : ` (${offset + 1}-${offset + rows.length} of ${section.rows.length})`;
  const panel = { title: `${section.title}${place}`, rows, height: rows.length + chromeOf(layout) };
  return { stacks: [{ width: scene.size.columns, panels: [panel] }], bottom: null, most, page };
}
