import { EXIT } from './exit-codes.ts';
import { processIo } from './io.ts';
import { runCli } from './run-cli.ts';

const interrupt = new AbortController();
let signalled: number | null = null;

/** The first signal ends the verb; `run` drains and hears the second one itself. */
function stopOn(signal: NodeJS.Signals, exitCode: number): void {
  process.on(signal, () => {
    signalled ??= exitCode;
    interrupt.abort();
  });
}

/** `cutover history | head`: a reader that has seen enough is no failure. */
function closeQuietly(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.internal);
  });
}

stopOn('SIGINT', EXIT.interrupted);
stopOn('SIGTERM', EXIT.terminated);
closeQuietly(process.stdout);
closeQuietly(process.stderr);

const exitCode = await runCli(process.argv.slice(2), processIo(interrupt.signal));
process.exitCode = exitCode === EXIT.interrupted ? (signalled ?? exitCode) : exitCode;
