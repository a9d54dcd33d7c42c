import { runGateway } from '../../../src/control/supervisor.ts';
import { CutoverError } from '../../../src/core/errors.ts';
import { STUB } from './workers.ts';

// Like the command line: a signal that comes when the run is over changes nothing about its end.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => {});

// `run-node.ts FILE [real]`: a supervisor as the command line runs it, with stub workers unless told otherwise.
const [, , configFile = '', workers = 'stub'] = process.argv;
try {
  process.exitCode = await runGateway({
    configFile,
    log: (level, message) => void process.stderr.write(`${level} ${message}\n`),
    signal: new AbortController().signal,
    ...(workers === 'stub' ? { workerModule: STUB } : {}),
  });
} catch (error) {
  if (!(error instanceof CutoverError)) throw error;
  process.stderr.write(`${error.code} ${error.message}\n`);
  process.exitCode = error.exitCode;
}
