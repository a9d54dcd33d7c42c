import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runAll } from './pool.ts';
import { partsOf, withParts } from './render.ts';
import { readTables, summed, writeTables } from './table-data.ts';
import type { CellResult, TableData } from './table-data.ts';
import { tableCells } from './tables.ts';

// `npm run montecarlo:tables [-- --seed S --threads N --only WORDS]`: runs every cell of the tables with the shipped rule,
// keeps them in `tables.json` and puts them into docs/gates.md and README.md. `--render` only does the last.

const DOCUMENTS = ['docs/gates.md', 'README.md'].map((name) => new URL(`../../${name}`, import.meta.url));

const options = {
  seed: { type: 'string', default: '2026' },
  threads: { type: 'string', default: String(availableParallelism()) },
  only: { type: 'string', default: '' },
  render: { type: 'boolean', default: false },
} as const;

async function run(seed: number, threads: number, only: string): Promise<TableData> {
  const cells = tableCells();
  const asked = cells.filter(({ id }) => id.includes(only));
  const found: Record<string, CellResult> = only === '' ? {} : { ...readTables().cells };
  await runAll(
    'tables',
    asked.map((experiment) => ({ experiment, reps: experiment.reps })),
    seed,
    threads,
    (id, outcomes) => {
      found[id] = summed(outcomes);
    },
  );
  const inOrder = cells.flatMap(({ id }) => (found[id] === undefined ? [] : [[id, found[id]] as const]));
  return { seed, cells: Object.fromEntries(inOrder) };
}

const { values } = parseArgs({ options });
if (!values.render) writeTables(await run(Number(values.seed), Number(values.threads), values.only));
const parts = partsOf(readTables());
for (const file of DOCUMENTS) writeFileSync(file, withParts(readFileSync(file, 'utf8'), parts));
