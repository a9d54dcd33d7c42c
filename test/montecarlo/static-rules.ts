import type { Dice } from './dice.ts';
import type { Setting } from './setting.ts';
import { windowsOf } from './simulate.ts';
import type { Outcome } from './simulate.ts';

/** What a rule that looks at the candidate alone sees of one minute. */
interface Minute {
  readonly requests: number;
  readonly bad: number;
  /** Answers over 500 ms. */
  readonly over: number;
}

type Verdict = 'ready' | 'abort';
/** @returns null: it goes on */
type Rule = (minutes: readonly Minute[]) => Verdict | null;

const MINUTES = 10;
const WINDOWS_PER_MINUTE = 6;

/** Static thresholds as their users write them; `docs/gates.md` has the sources. */
export const STATIC_RULES = {
  /** Argo Rollouts: success rate >= 0.99, interval 1m, count 10, failureLimit 0: a first failed measurement aborts. */
  'argo-0': argo(0),
  /** The same with failureLimit 3. */
  'argo-3': argo(3),
  /** Flagger: request-success-rate min 99, request-duration (p99) max 500, interval 1m, threshold 5, iterations 10. */
  flagger: (minutes: readonly Minute[]) => {
    const failed = minutes.filter((minute) => !succeeds(minute) || !isFast(minute)).length;
    if (failed >= 5) return 'abort';
    return minutes.length - failed >= MINUTES ? 'ready' : null;
  },
  /** k6: http_req_failed rate<0.01 and http_req_duration p(99)<500 at the end of a run of ten minutes. */
  k6: (minutes: readonly Minute[]) => {
    if (minutes.length < MINUTES) return null;
    const sum = (pick: (minute: Minute) => number) => minutes.reduce((total, each) => total + pick(each), 0);
    const run = { requests: sum((m) => m.requests), bad: sum((m) => m.bad), over: sum((m) => m.over) };
    return run.bad < run.requests / 100 && isFast(run) ? 'ready' : 'abort';
  },
} as const satisfies Readonly<Record<string, Rule>>;

function argo(failureLimit: number): Rule {
  return (minutes) => {
    const failed = minutes.filter((minute) => !succeeds(minute)).length;
    if (failed > failureLimit) return 'abort';
    return minutes.length >= MINUTES ? 'ready' : null;
  };
}

function succeeds({ requests, bad }: Minute): boolean {
  return bad <= requests / 100;
}

/** The p99 is the smallest time that 99 of 100 requests do not exceed. */
function isFast({ requests, over }: Minute): boolean {
  return over <= requests - Math.ceil(0.99 * requests);
}

/** A rollout judged by a static rule: once a minute, until it promotes or rolls back. */
export function judgeStatic(name: keyof typeof STATIC_RULES, setting: Setting, dice: Dice): Outcome {
  const next = windowsOf(setting, dice);
  const minutes: Minute[] = [];
  let pairs = 0;
  for (let index = 0; index < setting.horizon;) {
    let [requests, bad, over] = [0, 0, 0];
    for (let each = 0; each < WINDOWS_PER_MINUTE; each += 1, index += 1) {
      const { shadow } = next(index);
      requests += shadow?.error.n ?? 0;
      bad += shadow?.alone.bad ?? 0;
      over += shadow?.alone.over ?? 0;
    }
    pairs += requests;
    minutes.push({ requests, bad, over });
    const verdict = STATIC_RULES[name](minutes);
    if (verdict !== null) return { verdict, by: '', windows: index, pairs };
  }
  return { verdict: 'none', by: '', windows: setting.horizon, pairs };
}
