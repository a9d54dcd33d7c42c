import { run } from 'mitata';
import { cohort } from './cohort.bench.ts';
import { differences } from './differences.bench.ts';
import { equalBodies } from './equal-bodies.bench.ts';
import { gather } from './gather.bench.ts';
import { handOver } from './hand-over.bench.ts';
import { hash } from './hash.bench.ts';
import { headScan } from './head-scan.bench.ts';
import { histogram } from './histogram.bench.ts';
import { routes } from './routes.bench.ts';
import { tokens } from './tokens.bench.ts';

/**
 * Unusual hot functions beside the plain way: `npm run bench:micro`. They earn their lines only while they win.
 */
headScan();
gather();
equalBodies();
differences();
histogram();
hash();
cohort();
routes();
await tokens();
const { isTTY } = process.stdout as { isTTY?: boolean };
const endThread = handOver();
await run({ colors: isTTY ?? false, throw: true });
await endThread();
