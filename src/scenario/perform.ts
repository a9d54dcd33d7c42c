import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import { positionName } from '../rollout/position.ts';
import { runActions } from './actions.ts';
import type { Desk } from './actions.ts';
import type { ChildOptions } from './child.ts';
import { checkExpectations } from './expectations.ts';
import { FaultClock } from './fault-clock.ts';
import { fillValue } from './fill.ts';
import { startGateway, writeConfiguration } from './gateway.ts';
import type { RunningGateway } from './gateway.ts';
import { configurationOf, merged, originOf } from './layout.ts';
import type { Layout } from './layout.ts';
import type { FoundNginx } from './nginx.ts';
import { OpenLoop } from './open-loop.ts';
import type { RehearseOptions } from './rehearse.ts';
import type { ExitResult, RehearsalResult } from './result-schema.ts';
import type { Scenario } from './schema.ts';
import { startServers } from './servers.ts';
import type { Servers } from './servers.ts';
import { ClientTally } from './tally.ts';
import { stretchesOf } from './traffic.ts';
import { Watcher } from './watcher.ts';

/** A rehearsal whose places are known. */
export interface Prepared extends Pick<RehearseOptions, 'program' | 'env' | 'signal' | 'tell'> {
  readonly scenario: Scenario;
  readonly layout: Layout;
  readonly nginx: FoundNginx | null;
  /** What is the legacy lane. */
  readonly legacy: string;
  readonly startMs: number;
}

type Performed = Omit<RehearsalResult, 'folder'>;

/** Everything that runs. */
interface Cast {
  readonly servers: Servers;
  readonly gateway: RunningGateway;
  /** Aborted when nothing more is to be done. */
  readonly over: AbortSignal;
}

/** Starts everything, lets it run, gathers what came out, and ends everything again. */
export async function perform(prepared: Prepared): Promise<Performed> {
  const { scenario, layout, program, signal, tell } = prepared;
  const over = new AbortController();
  const servers = await startServers(scenario, layout, prepared.nginx);
  try {
    writeConfiguration(layout, configurationOf(scenario, layout));
    const gateway = await startGateway(program, layout, childOptions(prepared));
    try {
      tell({ kind: 'serving', listeners: layout.listeners });
      const acting = act(prepared, { servers, gateway, over: AbortSignal.any([signal, over.signal]) });
      try {
        return await Promise.race([acting, gateway.died, aborted(signal)]);
      } finally {
        over.abort();
        await acting.catch(() => {});
      }
    } finally {
      await gateway.stop();
    }
  } finally {
    await servers.stop();
  }
}

/** The verbs find the configuration by themselves, and print plain text. */
function childOptions({ env, layout }: Prepared): ChildOptions {
  const { FORCE_COLOR: _, ...rest } = env;
  return { cwd: layout.folder, env: { ...rest, CUTOVER_CONFIG: layout.configFile } };
}

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throw signal.reason;
}

async function act(prepared: Prepared, { servers, gateway, over }: Cast): Promise<Performed> {
  const { scenario, layout, tell } = prepared;
  const limit = AbortSignal.timeout(scenario.limit);
  const cut = AbortSignal.any([over, limit]);
  const tally = new ClientTally();
  const origin = originOf.bind(null, layout);
  const stretches = stretchesOf(scenario.traffic, { folder: layout.here, seed: scenario.seed, origin });
  const watcher = new Watcher(gateway.client, tell);
  const faults = new FaultClock(servers.embedded, (fault, on) => tell({ kind: 'fault', fault, on }));
  const loop = new OpenLoop(stretches, tally);
  try {
    faults.plan(scenario.faults, 0);
    const exits = await lead(prepared, {
      faults,
      client: gateway.client,
      signal: cut,
      look: () => watcher.look(),
    });
    over.throwIfAborted();
    const ended = limit.aborted ? 'limit' : endOf(scenario);
    await loop.stop(LIMITS.rehearsalDrainMs);
    await watcher.stop();
    await sleep(scenario.settle, undefined, { signal: over }).catch(() => {});
    return await gather(prepared, { servers, gateway, over }, { tally, watcher, exits, ended });
  } finally {
    faults.stop();
    await Promise.all([loop.stop(0), watcher.stop()]);
  }
}

/** What ends a rehearsal. */
function endOf({ end, actions }: Scenario): 'actions' | 'traffic' {
  return end ?? (actions.length > 0 ? 'actions' : 'traffic');
}

/** Actions, and the rest of the traffic where that is what ends the rehearsal. */
async function lead(
  prepared: Prepared,
  at: Pick<Desk, 'faults' | 'client' | 'signal' | 'look'>,
): Promise<ExitResult[]> {
  const { scenario, layout, program, tell } = prepared;
  let settings = configurationOf(scenario, layout);
  const startMs = monotonicMs();
  const desk = {
    program,
    options: childOptions(prepared),
    startMs,
    tell,
    ...at,
    configure: (patch: Readonly<Record<string, unknown>>) => {
      settings = merged(settings, fillValue(patch, layout.names) as typeof settings);
      writeConfiguration(layout, settings);
    },
  };
  const exits = await runActions(scenario.actions, scenario.faults.length, desk);
  const lastMs = Math.max(...scenario.traffic.map((part) => part.at + (part.for ?? 0)));
  const leftMs = endOf(scenario) === 'traffic' ? startMs + lastMs - monotonicMs() : 0;
  await sleep(Math.max(0, leftMs), undefined, { signal: at.signal }).catch(() => {});
  return exits;
}

interface Seen extends Pick<RehearsalResult, 'exits' | 'ended'> {
  readonly tally: ClientTally;
  readonly watcher: Watcher;
}

async function gather(prepared: Prepared, cast: Cast, seen: Seen): Promise<Performed> {
  const { scenario, legacy, startMs } = prepared;
  const { client } = cast.gateway;
  const [status, history, differences, upstreams] = await Promise.all([
    client.status().catch(() => null),
    client.history(LIMITS.adminListItems).catch(() => null),
    client.differences(LIMITS.adminListItems).catch(() => null),
    cast.servers.served(),
  ]);
  const result = {
    client: seen.tally.result(),
    exits: seen.exits,
    phases: history === null ? [...seen.watcher.positionsSeen()] : positionsIn(history),
    gates: seen.watcher.gatesSeen(),
    status,
    history,
    differences,
    upstreams,
  };
  const about = { scenario: scenario.name, seed: scenario.seed, legacy, ended: seen.ended };
  const expectations = checkExpectations({ ...about, ...result }, scenario.expect);
  const ok = [...expectations, ...seen.exits].every((each) => each.ok) && seen.ended !== 'limit';
  const durationMs = Math.round(monotonicMs() - startMs);
  return { schemaVersion: 1, ...about, ok, durationMs, expectations, ...result };
}

/** Every position in the order it was entered. */
function positionsIn({ entries }: NonNullable<RehearsalResult['history']>): string[] {
  const names = entries.map(({ to }) => positionName(to));
  return names.filter((name, at) => name !== names[at - 1]);
}
