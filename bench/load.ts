import { fileURLToPath } from 'node:url';
import { findOnPath } from './paths.ts';
import { startChild } from '../test/kit/process.ts';

/** How a window is loaded. */
export interface LoadPlan {
  /** Closed: a connection sends when it has its answer. Open: requests are due at fixed moments. */
  readonly kind: 'closed' | 'open';
  readonly connections: number;
  /** Of an open loop. */
  readonly perSecond?: number;
  /** Every request is a POST with so many bytes of JSON. */
  readonly bodyBytes?: number;
  /** Every request has a connection of its own. */
  readonly newConnections?: boolean;
  /** New connections take up the session of the one before: a full handshake is an error. */
  readonly resumes?: boolean;
  /** The certificate that clients show. */
  readonly client?: { readonly certFile: string; readonly keyFile: string };
  /** Tokens that they send in turn, one a line. */
  readonly tokensFile?: string;
}

/** What the load saw. Latency of an open loop counts from the moment a request was due. */
export interface LoadFigures {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Broken connections and answers that are errors. */
  readonly errors: number;
}

const OWN_CLIENT = fileURLToPath(new URL('./load-client.ts', import.meta.url));
const WRK_SCRIPT = fileURLToPath(new URL('./load.lua', import.meta.url));

/** Path of `wrk` where it is installed, the loop is closed, the time is whole seconds and it can do that; else null. */
function wrkFor(plan: LoadPlan, seconds: number): string | null {
  const isPlain = plan.client === undefined && plan.tokensFile === undefined && plan.resumes !== true;
  return isPlain && plan.kind === 'closed' && Number.isInteger(seconds) ? findOnPath('wrk') : null;
}

/** What loads a window: wrk where it can, else the bench's own client. */
export function loadTool(plan: LoadPlan, seconds: number): 'wrk' | 'own' {
  return wrkFor(plan, seconds) === null ? 'own' : 'wrk';
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
  const wrk = wrkFor(plan, seconds);
  const [command, args] =
    wrk === null
      ? [process.execPath, [OWN_CLIENT, JSON.stringify({ url, plan, seconds })]]
      : [wrk, wrkArgs(url, plan, seconds)];
  const child = await startChild(command, args);
  onStart(child.pid);
  const code = await child.exited;
  await child.stop();
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${child.stderr()}${child.stdout()}`);
  return parseFigures(child.stdout());
}

function wrkArgs(url: string, plan: LoadPlan, seconds: number): string[] {
  const options = ['-t1', `-c${plan.connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', WRK_SCRIPT];
  return [
    ...options,
    url,
    '--',
    String(plan.bodyBytes ?? 0),
    plan.newConnections === true ? 'close' : 'keep',
  ];
}

const FIGURES = ['requests', 'seconds', 'p50Ms', 'p99Ms', 'p999Ms', 'errors'] as const;

/** Reads the line of figures that both tools print. @throws when there is none, or it lacks a number */
export function parseFigures(text: string): LoadFigures {
  const line = /^figures (\{.*\})$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`the load printed no figures:\n${text}`);
  const figures = JSON.parse(line) as LoadFigures;
  for (const name of FIGURES)
    if (!Number.isFinite(figures[name])) throw new Error(`the load printed no ${name}:\n${line}`);
  return figures;
}
