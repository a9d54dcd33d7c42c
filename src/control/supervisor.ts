import type { CompiledConfig } from '../config/compile.ts';
import { messageOf } from '../core/errors.ts';
import { coalesced } from './coalesce.ts';
import { createAdminServer } from './admin-server.ts';
import type { AdminServer } from './admin-server.ts';
import { ensureAdminToken } from './admin-token.ts';
import { loadOrThrow } from './load-config.ts';
import { noteAdminAddress } from './lock.ts';
import { NodeBackend } from './backend.ts';
import { GatewayNode } from './node.ts';
import { runPaths } from './run-dir.ts';
import { Shutdown } from './shutdown.ts';
import type { ExitCode } from './shutdown.ts';

/** Works from src and from dist. */
const WORKER = new URL(`./worker${import.meta.url.slice(-3)}`, import.meta.url);

export interface RunOptions {
  readonly configFile: string;
  /** One line for the log of the process. */
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Drains and ends the run when it aborts, like a first SIGTERM. */
  readonly signal: AbortSignal;
  /** Entry of a worker process; the real one when left out. */
  readonly workerModule?: URL;
}

/**
 * Runs the gateway in the foreground: this process is the supervisor, workers serve. SIGTERM or SIGINT drains,
 * a second one ends at once; SIGHUP reads the configuration again. A signal during the start waits for its end.
 * @returns 0 after a drain, 130 or 143 when a second signal cut it short
 * @throws CutoverError CONFIG_INVALID, ALREADY_RUNNING, PORT_TAKEN, … when it cannot start; nothing is left running
 */
export async function runGateway(options: RunOptions): Promise<ExitCode> {
  const shutdown = new Shutdown(options.signal);
  const started = Promise.withResolvers<GatewayNode>();
  listen(shutdown, started.promise, options);
  const open: (() => Promise<void>)[] = [() => Promise.resolve(shutdown.dispose())];
  try {
    const config = loadOrThrow(options.configFile, options.log);
    const workerModule = options.workerModule ?? WORKER;
    const node = await GatewayNode.open(config, { ...options, workerModule });
    // An exit that somebody else decides on during the drain must not leave workers behind.
    const onExit = (): void => node.endNow();
    process.on('exit', onExit);
    open.push(() => node.close().finally(() => process.off('exit', onExit)));
    const admin = await openAdmin(node, config, options);
    open.push(() => admin.close());
    await node.start();
    started.resolve(node);
    options.log('info', `serving on ${addressesOf(config, node)}`);
    await shutdown.requested;
    return await stop(node, shutdown);
  } finally {
    for (const close of open.toReversed()) await close();
  }
}

async function openAdmin(
  node: GatewayNode,
  config: CompiledConfig,
  { log }: RunOptions,
): Promise<AdminServer> {
  const backend = new NodeBackend(node);
  const token = await ensureAdminToken(config.node.runDir);
  const admin = createAdminServer({ backend, token, log: (message) => log('error', message) });
  const { host, port } = config.node.admin;
  const bound = await admin.listen(host, port);
  log('info', `admin API on ${host}:${bound}`);
  try {
    noteAdminAddress(runPaths(config.node.runDir), host, bound);
  } catch (error) {
    log('warn', `the admin address could not be noted in the run directory: ${messageOf(error)}`);
  }
  void backend.recall((message) => log('warn', message));
  return admin;
}

function addressesOf({ gateway }: CompiledConfig, { workers }: GatewayNode): string {
  return gateway.listeners.map(({ host }, index) => `${host}:${workers.ports[index] ?? 0}`).join(', ');
}

/** Hears signals from the first moment on, because their default is to end this process; obeys after the start. */
function listen(shutdown: Shutdown, started: Promise<GatewayNode>, { log }: RunOptions): void {
  const reload = async (): Promise<void> => {
    const { steering } = await started;
    const { result } = await steering.reload({ who: 'signal', reason: 'SIGHUP' });
    if (!result.ok) log('error', `the reload was refused: ${result.message}`);
    else if (!result.changed) log('info', 'the configuration was read again: nothing changed');
  };
  const failed = (error: unknown): void => log('error', `the reload failed: ${messageOf(error)}`);
  shutdown.on(
    'SIGHUP',
    coalesced(() => reload().catch(failed)),
  );
  shutdown.on('SIGUSR2', () => void started.then(({ killSwitch }) => killSwitch.look()));
}

async function stop(node: GatewayNode, shutdown: Shutdown): Promise<ExitCode> {
  const drained = node.drain().then(() => 0);
  const code = await Promise.race([drained, shutdown.forced]);
  if (code === 0) return 0;
  await node.kill();
  await drained;
  return code;
}
