import { dirname, join, resolve } from 'node:path';
import { fillValue } from './fill.ts';
import type { Names } from './fill.ts';
import { freePorts } from './ports.ts';
import type { Scenario } from './schema.ts';
import type { Traffic } from './schema-traffic.ts';

/** Where everything of one rehearsal is: known before anything is started. */
export interface Layout {
  /** The scenario's folder, and the one that is made for the run. */
  readonly here: string;
  readonly folder: string;
  readonly configFile: string;
  readonly runDir: string;
  readonly admin: string;
  /** `host:port` by upstream. */
  readonly upstreams: Readonly<Record<string, string>>;
  readonly listeners: readonly { readonly address: string; readonly region: string | null }[];
  /** What `${NAME}` stands for. */
  readonly names: Names;
}

/** Finds a port for everything. */
export async function layOut(scenario: Scenario, file: string, folder: string): Promise<Layout> {
  const upstreamNames = Object.keys(scenario.upstreams);
  const regions = scenario.regions.length === 0 ? [null] : scenario.regions;
  const ports = await freePorts(upstreamNames.length + regions.length + 1);
  const take = (): string => `127.0.0.1:${ports.pop()}`;
  const upstreams = Object.fromEntries(upstreamNames.map((name) => [name, take()]));
  const listeners = regions.map((region) => ({ address: take(), region }));
  const here = dirname(resolve(file));
  const addresses = { ...upstreams, gateway: listeners[0]?.address ?? '' };
  return {
    here,
    folder,
    configFile: join(folder, 'cutover.yaml'),
    runDir: join(folder, 'run'),
    admin: take(),
    upstreams,
    listeners,
    names: { here, ...namesOf(addresses) },
  };
}

/** `${NAME}` is a URL, `${NAME.address}` the host and port of it. */
function namesOf(addresses: Readonly<Record<string, string>>): Names {
  return Object.fromEntries(
    Object.entries(addresses).flatMap(([name, address]) => [
      [name, `http://${address}`],
      [`${name}.address`, address],
    ]),
  );
}

/** Where a stretch of traffic goes. */
export function originOf(layout: Layout, { to, region }: Pick<Traffic, 'to' | 'region'>): string {
  const listener =
    layout.listeners.find((each) => region !== undefined && each.region === region) ?? layout.listeners[0];
  const address = to === undefined ? listener?.address : layout.upstreams[to];
  return `http://${address ?? ''}`;
}

/** A pause of the whole machine would cost the copies of seconds, and an epoch its validity for a hundred times as long. */
const REHEARSED_LOOP_DELAY = '5s';

/** What comes at once after such a pause would fill a smaller cap before the candidate had a chance to answer. */
const REHEARSED_COPIES = 1_000;

type Settings = Readonly<Record<string, unknown>>;

/** The gateway's configuration: what the scenario says, and the places it is given. */
export function configurationOf(scenario: Scenario, layout: Layout): Settings {
  const listen = layout.listeners.map(({ address, region }) => ({
    address,
    ...(region === null ? {} : { region }),
  }));
  const given = {
    version: 1,
    listen,
    admin: { address: layout.admin },
    workers: 1,
    runDir: layout.runDir,
    store: { sqlite: join(layout.folder, 'cutover.db') },
    // Lanes and clients are on the same machine: what it owes them is not the gateway's own load.
    limits: { loopDelay: REHEARSED_LOOP_DELAY },
    rollout: { shadow: { maxInFlight: REHEARSED_COPIES } },
  };
  return merged(given, fillValue(scenario.config, layout.names) as Settings);
}

/** Values of `patch` win; maps are merged, lists are replaced. */
export function merged(base: Settings, patch: Settings): Settings {
  const all: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const before = all[key];
    all[key] = isMap(before) && isMap(value) ? merged(before, value) : value;
  }
  return all;
}

function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
