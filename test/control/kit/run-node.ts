import { runGateway } from '../../../src/control/supervisor.ts';
import { CutoverError } from '../../../src/core/errors.ts';
import { STUB } from './workers.ts';

// Like the command line: a signal that comes when the run is over changes nothing about its end.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => {});

// `run-node.ts FILE [real]`: a supervisor as the command line runs it, with stub workers unless told otherwise.
// CUTOVER_TEST_BUILD stands in for another build: its version, a `+`, and when it was made.
const [, , configFile = '', workers = 'stub'] = process.argv;
const [version = '', made = '0'] = (process.env['CUTOVER_TEST_BUILD'] ?? '').split('+');
try {
  process.exitCode = await runGateway({
    configFile,
    log: (level, message) => void process.stderr.write(`${level} ${message}\n`),
    signal: new AbortController().signal,
    takeOver: process.env['CUTOVER_TEST_TAKE_OVER'] === 'yes',
    ...(version === '' ? {} : { build: { name: `${version}+${made}`, madeMs: Number(made) } }),
    ...(workers === 'stub' ? { workerModule: STUB } : {}),
  });
} catch (error) {
  if (!(error instanceof CutoverError)) throw error;
  process.stderr.write(`${error.code} ${error.message}\n`);
  process.exitCode = error.exitCode;
}
