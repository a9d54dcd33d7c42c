import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CutoverError, messageOf } from '../core/errors.ts';
import { fillText } from './fill.ts';
import type { Layout } from './layout.ts';
import { startNginx } from './nginx.ts';
import { startStandIn } from './siem/stand-in.ts';
import type { FoundNginx } from './nginx.ts';
import type { Scenario } from './schema.ts';
import type { UpstreamPlan } from './schema-upstreams.ts';
import type { Served } from './upstream-server.ts';
import { startUpstream } from './upstream.ts';
import type { EmbeddedUpstream } from './upstream.ts';

/** The upstreams of a rehearsal while it runs. */
export interface Servers {
  readonly embedded: ReadonlyMap<string, EmbeddedUpstream>;
  /** What they served, by name; null for an NGINX or an indexer, which are not asked. */
  served(): Promise<Record<string, Served | null>>;
  stop(): Promise<void>;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** What an upstream is on this machine: `nginx 1.22.1` or `embedded`. */
export function kindOf(plan: UpstreamPlan, nginx: FoundNginx | null): string {
  return plan.nginx !== undefined && nginx !== null ? `nginx ${nginx.version}` : 'embedded';
}

/** What answers as the legacy lane: the first upstream that its servers name. */
export function legacyKind(scenario: Scenario, nginx: FoundNginx | null): string {
  const servers = JSON.stringify(scenario.config['legacy'] ?? '');
  const [, name = ''] = /\$\{([\w-]+)\}/.exec(servers) ?? [];
  const plan = scenario.upstreams[name];
  return plan === undefined ? 'a server of the configuration' : kindOf(plan, nginx);
}

/** @throws CutoverError NO_NGINX for an upstream that is nothing without one */
export function needNginx(scenario: Scenario, nginx: FoundNginx | null): void {
  const names = Object.entries(scenario.upstreams).filter(
    ([, { answers, indexer }]) => (answers ?? indexer) === undefined,
  );
  if (nginx !== null || names.length === 0) return;
  throw new CutoverError(
    'NO_NGINX',
    `the upstream ${names[0]?.[0]} is a real NGINX, and there is none here`,
    {
      hint: 'install it: apt-get install nginx, or give the upstream answers, too',
    },
  );
}

/** Starts every upstream; those that were started are stopped again when one cannot be. */
export async function startServers(
  scenario: Scenario,
  layout: Layout,
  nginx: FoundNginx | null,
): Promise<Servers> {
  const embedded = new Map<string, EmbeddedUpstream>();
  const started: Stoppable[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
  };
  try {
    for (const [name, plan] of Object.entries(scenario.upstreams)) {
      if (plan.indexer !== undefined) {
        started.push(await startStandIn(plan.indexer, layout, portOf(layout, name)));
        continue;
      }
      if (plan.nginx !== undefined && nginx !== null) {
        started.push(await nginxOf(nginx, name, plan.nginx, layout));
        continue;
      }
      const upstream = await startUpstream(name, {
        port: portOf(layout, name),
        answers: plan.answers ?? [],
        seed: scenario.seed,
      });
      embedded.set(name, upstream);
      started.push(upstream);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { embedded, stop, served: () => servedBy(Object.keys(scenario.upstreams), embedded) };
}

async function servedBy(
  names: readonly string[],
  embedded: ReadonlyMap<string, EmbeddedUpstream>,
): ReturnType<Servers['served']> {
  const entries = names.map(async (name) => [name, (await embedded.get(name)?.served()) ?? null] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function portOf(layout: Layout, name: string): number {
  return Number(layout.upstreams[name]?.split(':')[1]);
}

async function nginxOf(nginx: FoundNginx, name: string, file: string, layout: Layout): Promise<Stoppable> {
  const path = resolve(layout.here, file);
  const names = { ...layout.names, PORT: String(portOf(layout, name)) };
  return await startNginx(nginx, name, join(layout.folder, `nginx-${name}`), fillText(textOf(path), names));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CutoverError('SCENARIO', `${path} cannot be read: ${messageOf(error)}`, {
      hint: 'paths start at the folder of the scenario',
      exitCode: 2,
      cause: error,
    });
  }
}
