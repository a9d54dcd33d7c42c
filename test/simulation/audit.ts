import { canonicalJson, sha256Hex } from '../../src/core/hash.ts';
import type { RolloutView } from '../../src/core/snapshot.ts';
import { decodeEntry, decodeState, ROLLOUT_KEY } from '../../src/rollout/codec.ts';
import type { GateReport } from '../../src/rollout/gates/types.ts';
import { verifyChain } from '../../src/rollout/history.ts';
import { comparePositions, positionName, positions } from '../../src/rollout/position.ts';
import type { Guard, Op } from '../../src/rollout/ports.ts';
import type { HistoryEntry, RolloutPlan, RolloutState } from '../../src/rollout/state.ts';
import { isRaised, sharesAt, sharesOf } from './exposure.ts';
import type { World } from './world.ts';

/** A state of the rollout, and the line of the audit that made it. */
export interface Record {
  readonly state: RolloutState;
  readonly entry: HistoryEntry;
}

/** What a commit was made with. */
export interface Author {
  readonly name: string;
  /** The plan that a command is decided under. */
  planOf(verb: HistoryEntry['verb']): RolloutPlan;
  /** The gates asked again, on what the simulation kept itself. */
  judge(state: RolloutState): Promise<GateReport> | GateReport;
}

/** Everything that ever was in the store, as it came in: what a correct store holds, and what a correct controller puts there. */
export class Audit {
  readonly records: Record[] = [];
  private readonly world: World;
  private readonly reasons = new Set<string>();
  private readonly revs = new Set<bigint>();
  private readonly judged = new Map<string, GateReport>();
  private newestToken = 0n;

  constructor(world: World) {
    this.world = world;
  }

  get newest(): Record | null {
    return this.records.at(-1) ?? null;
  }

  /** Whether a view is that of a state which was stored. */
  knows(view: RolloutView): boolean {
    return this.records.some(({ state: { epoch, phase, bypass, shares } }) => {
      if (epoch !== view.epoch || phase !== view.phase || bypass !== view.bypass) return false;
      return isRaised(sharesAt({ phase, shares }), sharesOf(view)) === null;
    });
  }

  /** Whether a command is in it. */
  has(reason: string): boolean {
    return this.reasons.has(reason);
  }

  acquired(token: bigint): void {
    this.newestToken = token > this.newestToken ? token : this.newestToken;
  }

  /** A decision sets out: what the gates say of it is asked at this moment. */
  starts(author: Author, ops: readonly Op[], id: string): void {
    const record = recordOf(ops);
    const before = this.newest;
    if (record === null || before === null || this.judged.has(id)) return;
    const { verb, forced } = record.entry;
    if (verb !== 'advance' || forced || record.entry.sequence !== before.entry.sequence + 1) return;
    this.judged.set(id, author.judge(before.state) as GateReport);
  }

  /** A commit took effect; the same one again changes nothing. */
  done(
    author: Author,
    commit: { guards: readonly Guard[]; ops: readonly Op[]; id: string; rev: bigint },
  ): void {
    const record = recordOf(commit.ops);
    if (record === null || this.revs.has(commit.rev)) return;
    this.revs.add(commit.rev);
    const before = this.newest;
    this.records.push(record);
    const { entry, state } = record;
    const where = `${before === null ? 'nothing' : positionName(before.state)} → ${positionName(state)}`;
    this.world.say(
      author.name,
      () =>
        `stored ${entry.sequence} ${entry.verb} by ${entry.who}: ${where}, epoch ${state.epoch} (${entry.reason})`,
    );
    this.isLed(commit.guards);
    this.isChained(before, record);
    if (before === null) return;
    this.isOneStep(before.state, record, author);
    this.isAllowed(before.state, record, author);
    this.isProven(before.state, record, this.judged.get(commit.id));
    this.count(entry);
  }

  /** What the store holds now is all of it. */
  isWhole(entries: readonly HistoryEntry[], state: RolloutState | null): void {
    const { world, records } = this;
    world.hold(
      'chain-intact',
      verifyChain(entries).intact,
      () => 'the chain of what the store holds is broken',
    );
    const known = records.map(({ entry }) => entry.hash).join();
    const held = entries.map(({ hash }) => hash).join();
    world.hold(
      'audited',
      known === held,
      () => `the store holds ${entries.length} lines, not ${records.length}`,
    );
    const same = canonicalJson(state) === canonicalJson(this.newest?.state ?? null);
    world.hold('audited', same, () => 'the state in the store is not the one of its last line');
  }

  /** Of what was stored before a start nothing is missing behind it. */
  isKept(known: number, entries: readonly HistoryEntry[]): void {
    const lost = this.records.slice(0, known).find(({ entry }, index) => entries[index]?.hash !== entry.hash);
    this.world.hold(
      'audited',
      lost === undefined,
      () => `line ${lost?.entry.sequence} is not in the store any more`,
    );
  }

  private count({ verb, forced, who }: HistoryEntry): void {
    const { moves } = this.world.tally;
    if (verb === 'advance') moves[forced ? 'forced' : 'proven'] += 1;
    if (verb === 'rollback') moves[who === 'gate' ? 'aborts' : 'rollbacks'] += 1;
  }

  private isLed(guards: readonly Guard[]): void {
    const lease = guards.find((guard) => 'lease' in guard);
    const token = lease !== undefined && 'lease' in lease ? lease.lease.token : 0n;
    const { newestToken } = this;
    this.world.hold(
      'one-leader',
      token === newestToken,
      () => `lease ${token} stored, ${newestToken} is the newest`,
    );
  }

  private isChained(before: Record | null, { state, entry }: Record): void {
    const { world } = this;
    const { hash, ...content } = entry;
    const linked = content.previousHash === (before?.entry.hash ?? '0'.repeat(64));
    const hashed = sha256Hex(canonicalJson(content)) === hash;
    world.hold(
      'chain-intact',
      linked && hashed,
      () => `line ${entry.sequence} does not follow the one before`,
    );
    const next = (before?.state.sequence ?? 0) + 1;
    const numbered = state.sequence === next && entry.sequence === next;
    world.hold(
      'versions-grow',
      numbered,
      () => `state ${state.sequence}, line ${entry.sequence}, expected ${next}`,
    );
    const epoch = before?.state.epoch ?? 0;
    const follows = state.epoch === epoch || state.epoch === epoch + 1;
    world.hold('versions-grow', follows, () => `epoch ${state.epoch} after ${epoch}`);
    const told = comparePositions(entry.to, state) === 0 && entry.epoch === state.epoch;
    const from = before === null || (entry.from !== null && comparePositions(entry.from, before.state) === 0);
    world.hold(
      'audited',
      told && from,
      () => `line ${entry.sequence} tells another way than the states went`,
    );
  }

  private isOneStep(before: RolloutState, { state, entry }: Record, author: Author): void {
    const { world, reasons } = this;
    const byPerson = entry.who !== 'controller' && entry.who !== 'gate' && entry.who !== 'supervisor';
    if (byPerson) {
      world.hold('one-step', !reasons.has(entry.reason), () => `"${entry.reason}" was carried out twice`);
      reasons.add(entry.reason);
    }
    const line = positions(author.planOf(entry.verb));
    const at = (of: RolloutState): number => line.findIndex((each) => comparePositions(each, of) === 0);
    const moved = comparePositions(state, before);
    if (entry.verb === 'advance' && entry.region === null) {
      const far = at(state) - at(before);
      world.hold('one-step', entry.forced ? moved > 0 : far === 1, () => `an advance moved ${far} positions`);
    } else if (entry.verb === 'rollback' && entry.region === null) {
      world.hold('one-step', moved < 0, () => 'a rollback did not move back');
    } else if (entry.verb !== 'reload') {
      world.hold('one-step', moved === 0, () => `${entry.verb} moved the rollout`);
    }
  }

  private isAllowed(before: RolloutState, { state, entry }: Record, author: Author): void {
    const { world } = this;
    const { verb } = entry;
    if (verb === 'advance') {
      world.hold('paused-holds', !before.paused, () => 'an advance while paused');
      const moves = entry.region === null;
      world.hold('bypass-holds', !moves || !before.bypass, () => 'an advance under the kill switch');
    } else {
      const raised = isRaised(sharesAt(before), sharesAt(state));
      world.hold(
        'shares-rise-by-advance',
        raised === null,
        () => `${verb} gives ${raised} more of the candidate`,
      );
    }
    if (verb !== 'resume' && verb !== 'pause')
      world.hold('paused-holds', before.paused === state.paused, () => `${verb} changed the pause`);
    if (verb !== 'bypass' && verb !== 'bypass_off')
      world.hold('bypass-holds', before.bypass === state.bypass, () => `${verb} changed the kill switch`);
    // What was decided under an earlier plan may be stored under a later one: it gives no more than what was there.
    if (verb !== 'advance' && verb !== 'reload') return;
    const most = sharesAt({ ...state, shares: planned(state, author.planOf(verb)) });
    const over = isRaised(most, sharesAt(state));
    world.hold(
      'share-within-plan',
      over === null,
      () => `${verb} stored more for ${over} than the plan gives`,
    );
  }

  private isProven(before: RolloutState, { entry }: Record, report: GateReport | undefined): void {
    if (entry.verb !== 'advance' || entry.forced) return;
    const { world } = this;
    const says =
      report === undefined ? 'nothing was asked' : `${report.verdict} (${report.reason}: ${report.message})`;
    world.hold(
      'advance-proven',
      report?.verdict === 'ready',
      () => `left ${positionName(before)} where the gates say ${says}`,
    );
    const same = report?.evidenceHash === entry.evidenceHash && report?.epoch === before.epoch;
    world.hold('advance-proven', same, () => 'the audit names other evidence than there was');
  }
}

/** Shares that a plan gives at a position, told by itself: the last step of each region that was reached. */
function planned(state: RolloutState, plan: RolloutPlan): RolloutState['shares'] {
  const all = state.phase === 'enforce' || state.phase === 'retired';
  const shares: { [region: string]: number } = {};
  for (const [index, { region, share }] of plan.regional.steps.entries()) {
    if (all) shares[region] = 1;
    else if (state.phase === 'regional' && index <= state.step) shares[region] = share;
  }
  return shares;
}

function recordOf(ops: readonly Op[]): Record | null {
  const puts = ops.flatMap((op) => ('put' in op ? [op] : []));
  const state = puts.find(({ put }) => put === ROLLOUT_KEY);
  const entry = puts.find(({ put }) => put.startsWith('hist/'));
  if (state === undefined || entry === undefined) return null;
  return { state: decodeState(state.value), entry: decodeEntry(entry.value) };
}
