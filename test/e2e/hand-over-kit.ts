import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunningGateway } from '../kit/gateway.ts';
import { startChild } from '../kit/process.ts';
import type { Child } from '../kit/process.ts';
import { REPOSITORY } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';

const START_MS = 60_000;

/** A copy of the product under another version. @returns its program */
export function buildOfVersion(version: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-build-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['bin', 'src']) cpSync(join(REPOSITORY, part), join(folder, part), { recursive: true });
  const about = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...about, version }));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'bin/cutover.js');
}

/** Starts `cutover run` once more over the configuration of a gateway, and waits for nothing. */
async function startSecond(
  running: RunningGateway,
  program: string,
  flags: readonly string[] = [],
): Promise<Child> {
  const child = await startChild(process.execPath, [program, 'run', '-c', running.configFile, ...flags], {
    cwd: running.folder,
  });
  onTestFinished(() => child.stop(10_000));
  return child;
}

/** The same, to the moment at which it acts. */
export async function takeOver(
  running: RunningGateway,
  program: string,
  flags: readonly string[] = [],
): Promise<Child> {
  const child = await startSecond(running, program, flags);
  await until(
    () => {
      if (child.ended() !== null) throw new Error(`it ended with ${child.ended()}: ${child.stderr()}`);
      return child.stderr().includes('serving on');
    },
    'the newer build to take over',
    START_MS,
  );
  return child;
}
