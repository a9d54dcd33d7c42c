import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';

function mount(folder: string, size: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0;
}

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-mount-'));
  const may = mount(folder, '4k');
  if (may) spawnSync('umount', [folder]);
  rmdirSync(folder);
  return may;
}

/** Whether tests may mount a file system here; where they may not, those that need one are skipped. */
export const MOUNTS = mayMount();

/** Mounts a file system of this size (`64k`) over a folder, for one test. */
export function mountSmall(folder: string, size: string): void {
  expect(mount(folder, size)).toBe(true);
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
}
