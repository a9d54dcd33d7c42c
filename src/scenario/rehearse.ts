import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { itemsAt } from '../config/view.ts';
import { monotonicMs } from '../core/clock.ts';
import type { Opening, Tell } from './happening.ts';
import { layOut } from './layout.ts';
import { checkConfigurations, loadScenario } from './load.ts';
import type { LoadedScenario } from './load.ts';
import { findNginx } from './nginx.ts';
import type { FoundNginx } from './nginx.ts';
import { perform } from './perform.ts';
import type { RehearsalResult } from './result-schema.ts';
import type { Scenario } from './schema.ts';
import { kindOf, legacyKind, needNginx } from './servers.ts';
import { changedSettings, usualTimes } from './usual.ts';

export interface RehearseOptions {
  /** The scenario's file. */
  readonly file: string;
  /** Path of bin/cutover.js: the gateway and the verbs are run as a user would. */
  readonly program: string;
  /** Instead of the scenario's. */
  readonly seed: number | null;
  /** Keeps the folder of the run, whatever the scenario says. */
  readonly keep: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends everything. */
  readonly signal: AbortSignal;
  readonly tell: Tell;
}

/**
 * Rehearses a scenario with the real product and cleans up behind it, however it ends.
 * @throws ScenarioProblems, CutoverError; and the signal's reason when it aborts
 */
export async function rehearse(options: RehearseOptions): Promise<RehearsalResult> {
  const startMs = monotonicMs();
  const loaded = seeded(loadScenario(options.file), options.seed);
  const { scenario } = loaded;
  const nginx = findNginx(options.env);
  const keep = options.keep || scenario.keep;
  const folder = mkdtempSync(join(tmpdir(), 'cutover-rehearsal-'));
  try {
    const layout = await layOut(scenario, options.file, folder);
    checkConfigurations(loaded, layout);
    needNginx(scenario, nginx);
    const opening = openingOf(scenario, nginx);
    options.tell({ kind: 'opening', opening });
    const result = await perform({ ...options, scenario, layout, nginx, startMs, legacy: opening.legacy });
    return { ...result, folder: keep ? folder : null };
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

function seeded(loaded: LoadedScenario, seed: number | null): LoadedScenario {
  return seed === null ? loaded : { ...loaded, scenario: { ...loaded.scenario, seed } };
}

function openingOf(scenario: Scenario, nginx: FoundNginx | null): Opening {
  const { name, about, seed, config, upstreams, traffic } = scenario;
  const steps = itemsAt(config, ['rollout', 'regional', 'steps']).length;
  const kinds = Object.entries(upstreams).map(([key, plan]) => [key, kindOf(plan, nginx)] as const);
  const usual = usualTimes(traffic, steps);
  return {
    scenario: name,
    about: about ?? null,
    seed,
    legacy: legacyKind(scenario, nginx),
    upstreams: Object.fromEntries(kinds),
    changed: changedSettings(config, usual),
    usual,
  };
}
