import { findOnPath } from './paths.ts';
import { startChild } from '../test/kit/process.ts';

/** How a window is loaded. */
export type LoadPlan =
  | { readonly kind: 'closed'; readonly connections: number }
  | { readonly kind: 'open'; readonly connections: number; readonly perSecond: number };

/** What the load saw. Latency of an open loop counts from the moment a request was due. */
export interface LoadFigures {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Broken connections and answers other than 2xx. */
  readonly errors: number;
}

const OWN_CLIENT = new URL('./load-client.ts', import.meta.url).pathname;

/** `wrk` where it is installed and the loop is closed, else the bench's own client. */
export function loadTool(plan: LoadPlan): 'wrk' | 'own' {
  return plan.kind === 'closed' && findOnPath('wrk') !== null ? 'wrk' : 'own';
}

/**
 * Loads a URL from a process of its own.
 * @param onStart gets its process number, so that its CPU time is not taken for a stranger's
 * @throws when the tool fails or says nothing that can be read
 */
export async function runLoad(
  url: string,
  plan: LoadPlan,
  seconds: number,
  onStart: (pid: number) => void = () => {},
): Promise<LoadFigures> {
  const tool = loadTool(plan);
  const command = tool === 'wrk' ? 'wrk' : process.execPath;
  const child = await startChild(
    command,
    tool === 'wrk' ? wrkArgs(url, plan, seconds) : ownArgs(url, plan, seconds),
  );
  onStart(child.pid);
  const code = await child.exited;
  await child.stop();
  if (code !== 0) throw new Error(`${tool} ended with ${code}: ${child.stderr()}${child.stdout()}`);
  return tool === 'wrk' ? parseWrk(child.stdout()) : (JSON.parse(child.stdout()) as LoadFigures);
}

function wrkArgs(url: string, plan: LoadPlan, seconds: number): string[] {
  return ['-t1', `-c${plan.connections}`, `-d${seconds}s`, '--latency', url];
}

function ownArgs(url: string, plan: LoadPlan, seconds: number): string[] {
  const perSecond = plan.kind === 'open' ? plan.perSecond : 0;
  return [OWN_CLIENT, url, String(plan.connections), String(seconds), String(perSecond)];
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/** Reads what `wrk --latency` prints. @throws when it is something else */
export function parseWrk(text: string): LoadFigures {
  const total = /(\d+) requests in ([\d.]+)(us|ms|s|m)/.exec(text);
  if (total === null) throw new Error(`wrk printed no total:\n${text}`);
  const quantile = (percent: number) => {
    const match = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m)\\s*$`, 'm').exec(text);
    return match === null ? Number.NaN : Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN);
  };
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text) ?? [];
  const socketErrors = sockets.slice(1).reduce((sum, count) => sum + Number(count), 0);
  return {
    requests: Number(total[1]),
    seconds: (Number(total[2]) * (UNIT_MS[total[3] ?? ''] ?? Number.NaN)) / 1_000,
    p50Ms: quantile(50),
    p99Ms: quantile(99),
    errors: socketErrors + Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
  };
}
