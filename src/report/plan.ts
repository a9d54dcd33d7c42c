import type { Status } from '../control/schema/status.ts';
import type { Phase } from '../core/snapshot.ts';
import { lineName, sayLine } from '../rollout/gates/words.ts';
import { next, positionName } from '../rollout/position.ts';
import type { Position, RolloutPlan, RolloutState } from '../rollout/state.ts';
import { transition } from '../rollout/transition.ts';
import { back, exposureAt, raisedRegion, shareOf, stillWithdrawn } from '../rollout/view.ts';
import { coverageLine } from './coverage-text.ts';
import type { Plan } from './plan-schema.ts';

/** The plan that runs, as much of it as the status tells: its positions and their shares. */
export function planOfLadder({ ladder }: Pick<Status['rollout'], 'ladder'>): RolloutPlan {
  const steps = ladder.flatMap(({ phase, region, share }) =>
    phase === 'regional' ? [{ region: region ?? '', share: share ?? 0 }] : [],
  );
  return {
    windowMs: 0,
    shadow: { sample: 0 },
    canary: { match: [] },
    regional: { steps },
    enforce: { reverseSample: 0 },
  };
}

/** What `advance` would do to this status, in the eyes of the rules that would carry it out. */
export function buildPlan(status: Status): Plan {
  const { rollout, gate, atMs } = status;
  const { phase, step } = rollout;
  const plan = planOfLadder(rollout);
  const to = next(rollout, plan);
  const shares = sharesOf(status, to, plan);
  const { verdict, reason, message, approval, epoch } = gate;
  return {
    schemaVersion: 1,
    atMs,
    from: { phase, step },
    to,
    effect: to === null ? 'the rollout is complete: there is nothing after it' : EFFECTS[to.phase],
    shares,
    perSecond: status.lanes.legacy.perSecond + status.lanes.candidate.perSecond,
    moving: shares.reduce((sum, { moving }) => sum + moving, 0),
    undo: to === null ? null : undoOf({ phase, step }, to, plan),
    gate: { verdict, reason, message, approval, epoch },
    ...tried(status, plan),
    coverage: coverageLine(gate.coverage),
    missing: missingOf(status),
    etaS: gate.etaS,
  };
}

const EFFECTS: Readonly<Record<Phase, string>> = {
  shadow: 'legacy answers everything, a sample is copied to the candidate',
  canary: 'the candidate answers the requests that rollout.canary matches, each is copied to legacy',
  regional: 'the candidate answers its share of the users of these regions, each request is copied to legacy',
  enforce: 'the candidate answers every user',
  retired: 'nothing is copied to legacy any more, so that it can be switched off',
};

function sharesOf(status: Status, to: Position | null, plan: RolloutPlan): Plan['shares'] {
  const { shares, observed, rollout } = status;
  const seconds = (observed.toMs - observed.fromMs) / 1_000;
  const after =
    to === null ? null : exposureAt({ ...to, withdrawn: stillWithdrawn(rollout.withdrawn, to) }, plan);
  return shares.map(({ region, desired, requests }) => {
    const share = after === null ? desired : shareOf(after, region);
    const perSecond = seconds <= 0 ? 0 : requests / seconds;
    return { region, before: desired, after: share, perSecond, moving: perSecond * (share - desired) };
  });
}

/** The way back by its name; where that would raise a share, `rollback` finds a place that does not. */
function undoOf(from: Position, to: Position, plan: RolloutPlan): string | null {
  if (raisedRegion(to, from, plan) === null) {
    return `cutover rollback --to ${positionName(from)} --reason TEXT`;
  }
  return back(to, plan) === null ? null : 'cutover rollback --reason TEXT';
}

/** Asks the pure transition itself, with what the status knows, so that no rule is written twice. */
function tried(status: Status, plan: RolloutPlan): Pick<Plan, 'allowed' | 'refusal'> {
  const { gate, atMs } = status;
  const legacyServes = gate.requirements.some(({ name, met }) => name === 'legacy' && !met);
  const author = { who: 'plan', reason: 'a look' };
  const command = { verb: 'advance', to: null, force: false, gate, legacyServes, ...author } as const;
  const result = transition(stateOf(status), command, plan, atMs);
  if (result.ok) return { allowed: true, refusal: null };
  const { code, message, hint, exitCode } = result;
  return { allowed: false, refusal: { code, message, hint, exitCode } };
}

/** What the status does not tell (salt, error rate of legacy) does not decide whether an advance is refused. */
function stateOf({ rollout, snapshot, build }: Status): RolloutState {
  const { ladder: _ladder, steps: _steps, ...known } = rollout;
  return {
    ...known,
    schemaVersion: 1,
    salt: 0,
    shares: {},
    provenFor: null,
    legacyErrorRate: 0,
    configHash: snapshot.configHash,
    build,
  };
}

function missingOf({ gate: { metrics, requirements } }: Status): Plan['missing'] {
  const lines = metrics
    .filter(({ verdict }) => verdict !== 'ready')
    .map((line) => ({ name: lineName(line), message: sayLine(line), etaS: line.etaS }));
  const unmet = requirements.filter(({ met }) => !met);
  return [...lines, ...unmet.map(({ name, message, etaS }) => ({ name, message, etaS }))];
}
