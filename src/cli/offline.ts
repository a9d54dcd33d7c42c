import type { CompiledConfig } from '../config/compile.ts';
import { differenceOf, differencesOf, hitsOf } from '../control/differences.ts';
import type { Judging } from '../control/differences.ts';
import type { DifferenceDetail, Differences } from '../control/schema/differences.ts';
import type { History } from '../control/schema/history.ts';
import type { ConfigurationVersion } from '../control/schema/configuration-version.ts';
import { proofSchema } from '../control/schema/proof.ts';
import type { Proof } from '../control/schema/proof.ts';
import { changesSince, noVersion, versionOf } from '../control/versions.ts';
import { CutoverError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { Ledger } from '../rollout/ledger.ts';
import { verifyChain } from '../rollout/history.ts';
import { mergeWindows } from '../telemetry/merge.ts';
import type { Window } from '../telemetry/types.ts';
import { withoutLatency } from '../telemetry/window.ts';
import { openSqliteReader } from '../store/sqlite/store.ts';
import type { SqliteStore } from '../store/sqlite/store.ts';
import { EXIT } from './exit-codes.ts';

/** Looks into the store's file while no gateway runs; nothing is written. */
export async function readStore<T>(
  config: CompiledConfig,
  look: (store: SqliteStore) => Promise<T>,
): Promise<T> {
  const store = openSqliteReader(config.node.store.file);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

/** What `GET /v1/history` would answer. */
export async function storedHistory(store: SqliteStore, limit: number): Promise<History> {
  const ledger = new Ledger(store.state, 'reader');
  const entries = await ledger.entries();
  const last = (await ledger.read())?.state.sequence ?? 0;
  const intact = verifyChain(entries).intact && entries.length >= last;
  return {
    schemaVersion: 1,
    intact,
    total: entries.length,
    entries: entries.slice(-limit),
    configurations: await changesSince(store.state, entries.at(-limit)?.sequence ?? 0),
  };
}

/** What `GET /v1/configurations/N` would answer. @throws CutoverError NO_CONFIGURATION */
export async function storedConfiguration(
  store: SqliteStore,
  sequence: number,
): Promise<ConfigurationVersion> {
  const found = versionOf(sequence, await new Ledger(store.state, 'reader').configuration(sequence));
  if (found === null) throw noVersion(sequence);
  return found;
}

/** What `GET /v1/history/N` would answer. @throws CutoverError NO_PROOF */
export async function storedProof(store: SqliteStore, sequence: number): Promise<Proof> {
  const text = await new Ledger(store.state, 'reader').proof(sequence);
  if (text !== null) return proofSchema.parse(JSON.parse(text));
  throw new CutoverError('NO_PROOF', `nothing is kept of what entry ${sequence} was decided on`, {
    hint: 'entries with a hash of their evidence have one: cutover history --json',
    exitCode: EXIT.usage,
  });
}

/** What `GET /v1/differences` would answer. */
export async function storedDifferences(
  store: SqliteStore,
  config: CompiledConfig,
  limit: number,
): Promise<Differences> {
  const classes = await store.telemetry.readClasses(LIMITS.storeClasses);
  let compared = 0;
  for await (const window of store.telemetry.readWindows(0, Number.MAX_SAFE_INTEGER)) {
    for (const copies of window.copies) compared += copies.outcomes.compared;
  }
  const counts = { compared, total: classes.length };
  return differencesOf(classes.slice(0, limit), counts, await judgingOf(store, config));
}

/** What `GET /v1/differences/ID` would answer; null when there is no such class. */
export async function storedDifference(
  store: SqliteStore,
  config: CompiledConfig,
  id: string,
): Promise<DifferenceDetail | null> {
  const found = await store.telemetry.readClass(id);
  if (found === null) return null;
  return differenceOf(found, config.gateway, await judgingOf(store, config));
}

/** What the newest epoch of the store says. */
async function judgingOf(store: SqliteStore, { plan, gateway }: CompiledConfig): Promise<Judging> {
  const state = (await new Ledger(store.state, 'reader').read())?.state;
  const epoch = state?.epoch ?? 0;
  const evidence = (await store.telemetry.readEvidence(epoch)) ?? { epoch, endpoints: [], classes: [] };
  const windows: Window[] = [];
  for await (const window of store.telemetry.readWindows(0, Number.MAX_SAFE_INTEGER)) {
    if (window.epoch === epoch) windows.push(withoutLatency(window));
  }
  const hits = hitsOf(windows.length === 0 ? null : mergeWindows(windows));
  return { evidence, margin: plan.gates.differences, rules: gateway.rules ?? [], ...hits };
}
