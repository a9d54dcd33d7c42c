import { runLoad } from './load.ts';
import type { Tokens } from './credentials.ts';
import type { Run } from './run.ts';
import type { WindowFigures } from './window.ts';
import type { ToggleStateName } from './works.ts';

/** Forged tokens that are sent in a second, each another one. */
export const FORGED_PER_SECOND = 10_000;
const CONNECTIONS = 64;
/** The flood begins before the window that it is beside, and ends after it. */
const AHEAD_SECONDS = 1;

/** The forged tokens that are sent in a state; null for none. */
export function floodOf(state: ToggleStateName): Tokens | null {
  return state === 'forged' || state === 'unsigned' ? state : null;
}

/**
 * Takes a window beside a flood of forged tokens.
 * @param take gets the processes whose time is the bench's own
 * @returns `flooded`: forged ones that were answered in a second
 */
export async function beside(
  flood: Tokens | null,
  url: string,
  { stage, extent }: Run,
  take: (pids: readonly number[]) => Promise<WindowFigures>,
): Promise<{ readonly quiet: WindowFigures; readonly flooded: number | null }> {
  if (flood === null || stage.credentials === null) return { quiet: await take([]), flooded: null };
  const tokensFile = stage.credentials.tokenFiles[flood];
  const load = { kind: 'open', connections: CONNECTIONS, perSecond: FORGED_PER_SECOND, tokensFile } as const;
  const pids: number[] = [];
  const seconds = extent.windowSeconds + 2 * AHEAD_SECONDS;
  const flooding = runLoad(url, load, seconds, (pid) => pids.push(pid));
  await new Promise((resolve) => setTimeout(resolve, AHEAD_SECONDS * 1_000));
  const quiet = await take(pids);
  const { requests, seconds: tookSeconds } = await flooding;
  return { quiet, flooded: requests / tookSeconds };
}
