import { parseArgs } from 'node:util';
import { PLANTS } from './plants.ts';
import { simulate } from './simulate.ts';
import { addTo, emptySum, rarePoints, replayOf, tableOf } from './tally.ts';
import type { Sum } from './tally.ts';

const USAGE = `npm run simulate -- [--seed N | --seeds N [--from N]] [--trace] [--plant NAME]

  --seed   one seed; with --trace everything that happens in it
  --seeds  so many seeds (200), from --from (1) on: 10000 is the nightly run
  --plant  with a planted bug, which has to be found: ${PLANTS.map(({ name }) => `"${name}"`).join(', ')}

Exit code 1 when an invariant is violated, or a crash point was hit less than 20 times in 200 seeds or more.
`;

/** Each point where a process can die is tried so often at least, from so many seeds on. */
const LEAST_HITS = 20;
const LEAST_SEEDS = 200;

/** Violations shown before the run gives up: more of them teach nothing. */
const MOST_FAILURES = 10;

const PROGRESS_MS = 2_000;

interface Asked {
  readonly from: number;
  readonly seeds: number;
  readonly trace: boolean;
  readonly plant: string | undefined;
}

const out = (line: string): void => void process.stdout.write(`${line}\n`);

function asked(): Asked | null {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      trace: { type: 'boolean', default: false },
      plant: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const whole = (name: string, text: string): number => {
    if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} wants a whole number, not ${text}`);
    return Number(text);
  };
  const { trace, plant, seed } = values;
  if (seed !== undefined) return { from: whole('seed', seed), seeds: 1, trace, plant };
  return { from: whole('from', values.from), seeds: whole('seeds', values.seeds), trace, plant };
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 90 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}

async function run({ from, seeds, trace, plant: name }: Asked): Promise<void> {
  const plant = PLANTS.find((each) => each.name === name) ?? null;
  if (name !== undefined && plant === null) throw new Error(`no planted bug has the name "${name}"`);
  const { now } = Date;
  const startedMs = now();
  const sum = emptySum();
  let saidMs = startedMs;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  for (
    let seed = from;
    seed < from + seeds && !stop.signal.aborted && sum.failed.length < MOST_FAILURES;
    seed += 1
  ) {
    const outcome = await simulate({ seed, plant, trace: trace ? out : null });
    addTo(sum, outcome);
    if (outcome.failure !== null) out(replayOf(outcome));
    if (now() - saidMs < PROGRESS_MS) continue;
    saidMs = now();
    const leftMs = ((saidMs - startedMs) / sum.seeds) * (seeds - sum.seeds);
    process.stderr.write(
      `seed ${seed}, ${sum.seeds} of ${seeds}, ${sum.failed.length} failed, ${span(leftMs)} left\n`,
    );
  }
  if (stop.signal.aborted)
    process.stderr.write(`stopped before seed ${from + sum.seeds}; to go on: --from ${from + sum.seeds}\n`);
  end(sum, now() - startedMs, stop.signal.aborted);
}

function end(sum: Sum, tookMs: number, stopped: boolean): void {
  if (sum.seeds > 1) for (const line of tableOf(sum)) out(line);
  out(`${sum.failed.length} of ${sum.seeds} seeds violate an invariant (${span(tookMs)})`);
  const rare = sum.seeds >= LEAST_SEEDS ? rarePoints(sum, LEAST_HITS) : [];
  if (rare.length > 0) out(`hit less than ${LEAST_HITS} times: ${rare.join('; ')}`);
  if (sum.failed.length > 0 || rare.length > 0) process.exitCode = 1;
  else if (stopped) process.exitCode = 130;
}

try {
  const options = asked();
  if (options === null) process.stdout.write(USAGE);
  else await run(options);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 2;
}
