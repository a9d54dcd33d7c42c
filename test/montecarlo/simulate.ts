import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { Evidence } from '../../src/rollout/gates/evidence.ts';
import { ALPHA_ADVANCE, badWindowsAt, errorMargin, timesOf } from '../../src/rollout/gates/plan.ts';
import type { GatePlan } from '../../src/rollout/gates/plan.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { bakeOf } from '../../src/rollout/gates/window-tests.ts';
import { METRICS } from '../../src/rollout/gates/types.ts';
import type { GateReport, Metric } from '../../src/rollout/gates/types.ts';
import { logBaked } from '../../src/stats/bake.ts';
import { logAdvance } from '../../src/stats/paired.ts';
import type { Joint } from '../../src/telemetry/types.ts';
import type { Dice } from './dice.ts';
import { stateIn } from './setting.ts';
import type { Setting } from './setting.ts';
import { WINDOW_MS, windowOf } from './windows.ts';
import { draw, weatherOf } from './worlds.ts';
import type { Drawn } from './worlds.ts';

/** How a simulated rollout ended, after how many windows and pairs. */
export interface Outcome {
  readonly verdict: 'ready' | 'abort' | 'none';
  /** Of an abort: the metric, or the breaker. */
  readonly by: string;
  readonly windows: number;
  readonly pairs: number;
}

/**
 * `all`: the gate is asked after every window. `telling`: it is asked where its answer could end the run, which
 * gives the same outcome in a tenth of the time (`simulate.test.ts` holds that against `all`): an abort does not heal, so
 * a look whenever there are an eighth more windows finds it, and halving finds its first; ready is asked for only while the evidence of every
 * metric, and the bake, is enough for it.
 */
export type Looks = 'all' | 'telling';
const TELLING = 8;

/** The evidence after some windows. */
interface Step {
  readonly evidence: Evidence;
  readonly windows: number;
  readonly pairs: number;
}

/** What one window shows. */
interface Shown {
  readonly shadow: Drawn | null;
  readonly reverse: Drawn | null;
}

/** One rollout from its first window to its end, through the controller's own `addWindow` and `decide`. */
export function simulate(setting: Setting, dice: Dice, looks: Looks = 'telling'): Outcome {
  const { plan, horizon } = setting;
  const state = stateIn(setting.phase);
  const next = windowsOf(setting, dice);
  const proof = new Proof(setting, state);
  let seen: Step = { evidence: noEvidence(state.epoch), windows: 0, pairs: 0 };
  let last = seen;
  // Of the windows since only what they show is kept: evidence by the ten thousand costs a quarter of the time.
  let unseen: Shown[] = [];
  for (let index = 0; index < horizon; index += 1) {
    const shown = next(index);
    last = withOne(last, shown, plan);
    proof.add(shown.shadow);
    unseen.push(shown);
    const isTelling = unseen.length * TELLING > index || index + 1 === horizon;
    const telling = isTelling || proof.mayBeThere(last.evidence, index + 1);
    if (looks === 'telling' && !telling) continue;
    if (ended(look(setting, state, last.evidence, index + 1), setting) !== null) {
      return firstEnd(setting, state, stepsFrom(seen, unseen, plan));
    }
    [seen, unseen] = [last, []];
  }
  return { verdict: 'none', by: '', windows: horizon, pairs: last.pairs };
}

function stepsFrom(seen: Step, unseen: readonly Shown[], plan: GatePlan): Step[] {
  const steps: Step[] = [];
  for (const shown of unseen) steps.push(withOne(steps.at(-1) ?? seen, shown, plan));
  return steps;
}

/** One window more, as the gate keeper takes it. */
function withOne({ evidence, windows, pairs }: Step, { shadow, reverse }: Shown, plan: GatePlan): Step {
  const { gates, windowMs } = plan;
  const window = windowOf(windows, shadow, reverse);
  return {
    evidence: addWindow(evidence, window, gates.differences, windowMs, gates.noise),
    windows: windows + 1,
    pairs: pairs + (shadow?.error.n ?? 0) + (reverse?.error.n ?? 0),
  };
}

/** The first of these windows that ends the run, the last of them does: an abort stays, and only the last may be ready. */
function firstEnd(setting: Setting, state: RolloutState, steps: readonly Step[]): Outcome {
  const endAt = (at: number): End | null => {
    const step = steps[at] as Step;
    return ended(look(setting, state, step.evidence, step.windows), setting);
  };
  let [open, over] = [-1, steps.length - 1];
  while (over - open > 1) {
    const middle = Math.floor((open + over) / 2);
    if (endAt(middle) === null) open = middle;
    else over = middle;
  }
  const end = endAt(over);
  if (end === null) throw new Error('an end that was seen is gone');
  const { windows, pairs } = steps[over] as Step;
  return { ...end, windows, pairs };
}

function look({ plan }: Setting, state: RolloutState, evidence: Evidence, windows: number): GateReport {
  return decide({ state, plan, evidence, critical: [], nowMs: windows * WINDOW_MS, complete: true });
}

type End = Pick<Outcome, 'verdict' | 'by'>;
const READY: End = { verdict: 'ready', by: '' };

function ended(report: GateReport, setting: Setting): End | null {
  const { ends, metric } = setting;
  if (ends === 'proof') return isProven(report, metric) ? READY : null;
  const said = metric === undefined ? [report] : report.metrics.filter((line) => line.metric === metric);
  if (ends !== 'ready' && said.some(({ verdict }) => verdict === 'abort')) return aborted(report);
  return ends !== 'abort' && said.some(({ verdict }) => verdict === 'ready') ? READY : null;
}

/** What is ready but for an abort: every proof that is asked for is there, and all that is required besides. */
function isProven({ metrics, requirements }: GateReport, metric: Metric | undefined): boolean {
  const lines = metrics.filter((line) => metric === undefined || line.metric === metric);
  const proven = lines.every(
    ({ logAdvance: log, needAdvance }) => needAdvance === null || log >= needAdvance,
  );
  return proven && (metric !== undefined || requirements.every(({ met }) => met));
}

function aborted({ reason, metrics }: GateReport): End {
  if (reason === 'BREAKER') return { verdict: 'abort', by: 'breaker' };
  const by = metrics.filter(({ verdict }) => verdict === 'abort').map((line) => line.metric);
  return { verdict: 'abort', by: by[0] ?? '' };
}

/** What the windows of a rollout show, one after the other: the same dice, the same rollout, whoever judges it. */
export function windowsOf(setting: Setting, dice: Dice) {
  const { world, later, pairs } = setting;
  const first = weatherOf(world, dice);
  const second = later === undefined ? first : weatherOf(later.world, dice);
  return (index: number): Shown => {
    const isLater = later !== undefined && index >= later.after;
    const truth = isLater ? later.world : world;
    const weather = isLater ? second() : first();
    const { shadow, reverse } = pairs(index);
    return {
      shadow: shadow === 0 ? null : draw(truth, weather, shadow, dice),
      reverse: reverse === 0 ? null : draw(truth, weather, reverse, dice),
    };
  };
}

type Sum = { -readonly [key in keyof Joint]: Joint[key] };

/** The evidence for ready as the pairs of shadow alone give it, and the bake: while it is short, no look can say ready. */
class Proof {
  private readonly sums: Readonly<Record<Metric, Sum>>;
  private readonly margins: Readonly<Record<Metric, number>>;
  private readonly asked: readonly Metric[];
  private readonly wanted: boolean;
  private readonly dwellMs: number;
  private readonly badWindows: number | null;

  constructor({ phase, plan, ends, metric }: Setting, state: RolloutState) {
    this.wanted = ends !== 'abort';
    if (this.wanted && phase !== 'shadow') throw new Error('only shadow is followed until it is ready');
    const none = (): Sum => ({ n: 0, plus: 0, minus: 0 });
    const { tail, differences } = plan.gates;
    this.sums = { errorRate: none(), tail: none(), differences: none() };
    this.margins = { errorRate: errorMargin(plan, state), tail, differences };
    this.asked = METRICS.filter((each) => metric === undefined || each === metric);
    this.dwellMs = metric === undefined ? timesOf(phase, plan).dwellMs : 0;
    this.badWindows = metric === undefined ? badWindowsAt(plan, phase) : null;
  }

  add(drawn: Drawn | null): void {
    if (drawn === null || !this.wanted) return;
    add(this.sums.errorRate, drawn.error);
    add(this.sums.tail, drawn.tail);
    add(this.sums.differences, { ...drawn.difference, minus: 0 });
  }

  mayBeThere({ bakes }: Evidence, windows: number): boolean {
    if (!this.wanted || windows * WINDOW_MS < this.dwellMs) return false;
    const enough = Math.log(1 / ALPHA_ADVANCE);
    const proven = this.asked.every(
      (metric) => logAdvance(this.sums[metric], this.margins[metric]) >= enough,
    );
    if (!proven || this.badWindows === null) return proven;
    return logBaked(bakeOf(bakes, { direction: 'shadow', region: null }), this.badWindows) >= enough;
  }
}

function add(sum: Sum, { n, plus, minus }: Joint): void {
  sum.n += n;
  sum.plus += plus;
  sum.minus += minus;
}
