import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminClient } from '../control/admin-client.ts';
import { LIMITS } from '../core/limits.ts';
import { monotonicMs } from '../core/clock.ts';
import { startChild } from './child.ts';
import type { ChildOptions } from './child.ts';
import type { FaultClock } from './fault-clock.ts';
import type { Tell } from './happening.ts';
import type { ExitResult } from './result-schema.ts';
import { checkPromise } from './expectations.ts';
import type { Action, Until } from './schema-actions.ts';
import { wordsOf } from './words.ts';

/** Characters of a verb's output that stand in the result. */
const OUTPUT_CHARS = 4_000;
const TIMED_OUT = 6;

/** What operators act on. */
export interface Desk {
  /** Path of bin/cutover.js. */
  readonly program: string;
  readonly options: ChildOptions;
  readonly client: AdminClient;
  readonly startMs: number;
  readonly faults: FaultClock;
  /** Merges into the configuration file. */
  readonly configure: (patch: Readonly<Record<string, unknown>>) => void;
  readonly tell: Tell;
  /** Tells what changed meanwhile, before the end of an action is told. */
  readonly look: () => Promise<void>;
  /** Ends what runs, and nothing more is begun. */
  readonly signal: AbortSignal;
}

/**
 * Runs actions strictly one after the other.
 * @param firstFault number of the first fault of an action
 * @returns one result for each `run` and `until`, also for those that were not reached
 */
export async function runActions(
  actions: readonly Action[],
  firstFault: number,
  desk: Desk,
): Promise<ExitResult[]> {
  const exits: ExitResult[] = [];
  let fault = firstFault;
  for (const action of actions) {
    await sleep(Math.max(0, desk.startMs + action.at - monotonicMs()), undefined, {
      signal: desk.signal,
    }).catch(() => {});
    if (!desk.signal.aborted) begin(action, fault, desk);
    fault += action.faults.length;
    if (action.run !== undefined) exits.push(await run(action.run, action.exit, desk));
    if (action.until !== undefined) exits.push(await waitFor(action.until, desk));
  }
  return exits;
}

function begin({ say, configure, faults }: Action, firstFault: number, desk: Desk): void {
  if (say !== undefined) desk.tell({ kind: 'said', text: say });
  if (configure !== undefined) {
    desk.configure(configure);
    desk.tell({ kind: 'configured', keys: Object.keys(configure) });
  }
  desk.faults.plan(faults, firstFault);
}

async function run(line: string, expected: number, desk: Desk): Promise<ExitResult> {
  const { signal, program, options, tell, look } = desk;
  const unrun = { run: line, expected, code: null, ok: false, tookMs: 0, output: '' };
  if (signal.aborted) return unrun;
  tell({ kind: 'runs', run: `cutover ${line}` });
  const startMs = monotonicMs();
  const child = await startChild(process.execPath, [program, ...(wordsOf(line) ?? [])], options);
  const cut = (): void => void child.stop();
  signal.addEventListener('abort', cut, { once: true });
  // It may have come while the process was started.
  if (signal.aborted) cut();
  const code = await child.exited;
  await child.closed;
  signal.removeEventListener('abort', cut);
  const exit = {
    ...unrun,
    code: typeof code === 'number' && !signal.aborted ? code : null,
    ok: code === expected && !signal.aborted,
    tookMs: Math.round(monotonicMs() - startMs),
    output: `${child.out()}${child.err()}`.slice(0, OUTPUT_CHARS),
  };
  if (!signal.aborted) await look();
  tell({ kind: 'ran', exit });
  return exit;
}

/** Waits for a state: 0 when it came, else 6, as for every verb whose time is over. */
async function waitFor(until: Until, { signal, client, tell, look }: Desk): Promise<ExitResult> {
  const startMs = monotonicMs();
  const took = (): number => Math.round(monotonicMs() - startMs);
  const value = until.value === undefined ? '' : ` ${JSON.stringify(until.value)}`;
  const waited = { run: `until ${until.path} ${until.op}${value}`, expected: 0, output: '' };
  let came = false;
  tell({ kind: 'runs', run: waited.run });
  while (!came && !signal.aborted && took() < until.for) {
    came = checkPromise(await client.status().catch(() => null), until).ok;
    if (!came) await sleep(LIMITS.rehearsalPollMs, undefined, { signal }).catch(() => {});
  }
  const exit = { ...waited, code: came ? 0 : TIMED_OUT, ok: came, tookMs: took() };
  if (!signal.aborted) await look();
  tell({ kind: 'ran', exit });
  return exit;
}
