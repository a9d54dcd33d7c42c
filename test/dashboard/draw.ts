import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createElement as h } from 'react';
import { expect } from 'vitest';
import { frameOf } from '../../src/dashboard/frame.ts';
import type { Frame, Scene } from '../../src/dashboard/frame.ts';
import { UNICODE } from '../../src/dashboard/glyphs.ts';
import type { Known } from '../../src/dashboard/known.ts';
import { FIRST_UI } from '../../src/dashboard/ui.ts';
import type { Ui } from '../../src/dashboard/ui.ts';
import { viewOf } from '../../src/dashboard/view-model.ts';

/** What is drawn, of everything that can be left out. */
export interface Drawing extends Partial<Pick<Scene, 'glyphs' | 'flags'>> {
  readonly columns: number;
  readonly rows: number;
  readonly ui?: Partial<Ui>;
}

/** The frame of what is known. */
export function frameFor(known: Known, { columns, rows, ui, glyphs, flags }: Drawing): Frame {
  return frameOf({
    view: viewOf(known),
    ui: { ...FIRST_UI, ...ui },
    size: { columns, rows },
    glyphs: glyphs ?? UNICODE,
    flags: flags ?? ' -c cutover.yaml',
  });
}

/**
 * The screen as Ink writes it. Ink decides about colours when it is loaded: the first call of a test file does.
 */
export async function draw(known: Known, drawing: Drawing): Promise<string> {
  process.env['FORCE_COLOR'] ??= '0';
  const { renderToString } = await import('ink');
  const { Screen } = await import('../../src/dashboard/screen/screen.ts');
  const frame = frameFor(known, drawing);
  return renderToString(h(Screen, { frame, glyphs: drawing.glyphs ?? UNICODE }), {
    columns: drawing.columns,
  });
}

/** Compares a screen with the one that was agreed; `UPDATE_GOLDEN=1` agrees to the new one. */
export function expectGolden(name: string, screen: string): void {
  const file = new URL(`golden/${name}.txt`, import.meta.url);
  const text = `${screen}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  expect(existsSync(file), `golden/${name}.txt is missing: UPDATE_GOLDEN=1 writes it`).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}
