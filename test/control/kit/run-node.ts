import { runGateway } from '../../../src/control/supervisor.ts';
import { CutoverError } from '../../../src/core/errors.ts';
import { STUB } from './workers.ts';

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
