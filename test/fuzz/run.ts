import { monotonicMs } from '../../src/core/clock.ts';
import { seededRandom } from '../../src/core/random.ts';
import { Draw } from './draw.ts';
import { shrink } from './shrink.ts';
import type { Subject } from './subject.ts';

/** Where a run ends; whichever comes first. */
interface Extent {
  readonly seed: number;
  readonly executions: number;
  readonly milliseconds: number;
}

/** What one subject showed. */
export interface Outcome {
  readonly subject: string;
  readonly executions: number;
  readonly perSecond: number;
  /** Null when everything held. */
  readonly failure: Failure | null;
}

interface Failure {
  /** Seed of the run, and which execution it was: together they make it again. */
  readonly seed: number;
  readonly execution: number;
  readonly problem: string;
  readonly input: string;
  readonly shrunk: string;
}

/** Warnings that mean that a callback threw: a defect of ours, whatever was sent. */
function watchDefects(): { readonly take: () => string | null; readonly stop: () => void } {
  let seen: string | null = null;
  const onWarning = (warning: Error): void => {
    if (warning.name === 'WireDefect') seen ??= warning.message;
  };
  process.on('warning', onWarning);
  return {
    take() {
      const taken = seen;
      seen = null;
      return taken === null ? null : `a callback threw: ${taken}`;
    },
    stop: () => void process.off('warning', onWarning),
  };
}

/** Fuzzes one subject until the extent is used up or something does not hold. */
export async function fuzz(subject: Subject, extent: Extent): Promise<Outcome> {
  const defects = watchDefects();
  const startedMs = monotonicMs();
  let executions = 0;
  let failure: Failure | null = null;
  const problemOf = async (input: string, seed: number): Promise<string | null> => {
    try {
      const problem = await subject.check(input, new Draw(seededRandom(seed)));
      return problem ?? defects.take();
    } catch (error) {
      return `it threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
  };
  // The corpus is always checked as a whole, however busy the machine is.
  const goesOn = (): boolean =>
    executions < subject.corpus.length || monotonicMs() - startedMs < extent.milliseconds;
  while (failure === null && executions < extent.executions && goesOn()) {
    // Each execution has a seed of its own, so that it can be made again alone.
    const seed = (Math.imul(extent.seed, 1_000_003) + executions) >>> 0;
    const input = subject.corpus[executions] ?? subject.make(new Draw(seededRandom(seed)));
    const problem = await problemOf(input, seed);
    executions += 1;
    if (problem === null) continue;
    const shrunk = await shrink(input, async (smaller) => (await problemOf(smaller, seed)) !== null);
    const final = (await problemOf(shrunk, seed)) ?? problem;
    failure = { seed: extent.seed, execution: executions - 1, problem: final, input, shrunk };
  }
  const perSecond = Math.round((executions * 1000) / (monotonicMs() - startedMs));
  defects.stop();
  return { subject: subject.name, executions, perSecond, failure };
}
