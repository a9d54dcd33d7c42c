import { parseArgs } from 'node:util';
import { availableParallelism } from 'node:os';
import { fullClaims } from './claims.ts';
import { judge, sayJudged } from './judged.ts';
import type { Judged } from './judged.ts';
import { runAll } from './pool.ts';

// `npm run test:montecarlo [-- --reps N --seed S --only WORDS --threads N --max-duration 1h --json]`: every claim about how
// often the gates are wrong, over the whole of each phase's longest time. Exit code 1 when one does not hold. With the
// default durations that takes hours; `--max-duration` configures shorter phases (the thresholds follow from it), and
// `--only "abort, shadow"` takes some of the claims.

const options = {
  reps: { type: 'string', default: '2000' },
  seed: { type: 'string', default: '2026' },
  threads: { type: 'string', default: String(availableParallelism()) },
  'max-duration': { type: 'string' },
  only: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
} as const;
const { values } = parseArgs({ options });
const [reps, seed, threads] = [values.reps, values.seed, values.threads].map(whole) as [
  number,
  number,
  number,
];

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`expected a whole number above zero: ${text}`);
  return number;
}

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);

const maxDuration = values['max-duration'] ?? null;
const claims = fullClaims(maxDuration).filter(({ id }) => id.includes(values.only));
if (claims.length === 0) throw new Error(`no claim has "${values.only}" in its name`);
const asked = claims.map((claim) => ({
  experiment: claim,
  reps: Math.max(1, Math.round(reps * claim.effort)),
}));
const judged: Judged[] = [];
const list = maxDuration === null ? 'full' : `full@${maxDuration}`;
say(`${claims.length} claims, seed ${seed}, ${threads} threads`);
await runAll(list, asked, seed, threads, (id, outcomes) => {
  const claim = claims.find((each) => each.id === id);
  if (claim === undefined) return;
  const found = judge(claim, outcomes);
  judged.push(found);
  say(sayJudged(found));
});
const failed = judged.filter(({ holds }) => holds === false);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ schemaVersion: 1, seed, reps, claims: judged }, null, 1)}\n`);
}
say(failed.length === 0 ? 'every claim holds' : `${failed.length} claims do not hold`);
process.exitCode = failed.length === 0 ? 0 : 1;
