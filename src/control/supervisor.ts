import { resolve } from 'node:path';
import type { CompiledConfig } from '../config/compile.ts';
import { loadConfig } from '../config/load.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import type { Authored } from '../rollout/command.ts';
import { createAdminServer } from './admin-server.ts';
import type { AdminServer } from './admin-server.ts';
import { ensureAdminToken } from './admin-token.ts';
import { NodeBackend } from './backend.ts';
import { buildOf } from './build.ts';
import type { Build } from './build.ts';
import { coalesced } from './coalesce.ts';
import { ConfigWatch } from './config-watch.ts';
import { HandOver } from './hand-over.ts';
import { loadOrThrow } from './load-config.ts';
import { lockStart, noteAdminAddress, tryLockRunDir } from './lock.ts';
import type { SupervisorNote } from './lock.ts';
import { GatewayNode } from './node.ts';
import { processStart } from './process-identity.ts';
import { prepareRunDir, runPaths } from './run-dir.ts';
import { Shutdown } from './shutdown.ts';
import type { ExitCode } from './shutdown.ts';
import { takeOver } from './take-over.ts';
import { warnOfAcceptQueues } from './accept-queues.ts';
import type { FileLock } from '../store/sqlite/lock.ts';

/** Works from src and from dist. */
const WORKER = new URL(`./worker${import.meta.url.slice(-3)}`, import.meta.url);

/** So that a service manager starts it again. */
const SUCCESSOR_DIED = 1;

export interface RunOptions {
  readonly configFile: string;
  /** One line for the log of the process. */
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Drains and ends the run when it aborts, like a first SIGTERM. */
  readonly signal: AbortSignal;
  /** Takes over from a supervisor that runs whatever its build and configuration file. */
  readonly takeOver?: boolean;
  /** Who starts it, for the event of a hand-over. */
  readonly who?: string;
  /** Entry of a worker process; the real one when left out. */
  readonly workerModule?: URL;
  /** This build, unless a test stands in for another one. */
  readonly build?: Build;
}

/**
 * Runs the gateway in the foreground: this process is the supervisor, workers serve. SIGTERM or SIGINT drains,
 * a second one ends at once; SIGHUP reads the configuration again. A signal during the start waits for its end.
 * Where an older build serves with the same run directory it takes over from that one; and it lets go itself when a
 * newer one asks for it.
 * @returns 0 after a drain, 1 when the one that took over died meanwhile, 130 or 143 when a second signal cut it short
 * @throws CutoverError CONFIG_INVALID, ALREADY_RUNNING, PORT_TAKEN, … when it cannot start; nothing is left running
 */
export async function runGateway(options: RunOptions): Promise<ExitCode> {
  const shutdown = new Shutdown(options.signal);
  const started = Promise.withResolvers<GatewayNode>();
  listen(shutdown, started.promise, options);
  const supervisor = new Supervisor(options, shutdown);
  try {
    const node = await supervisor.start();
    started.resolve(node);
    return await supervisor.untilTheEnd(node);
  } finally {
    await supervisor.close();
    shutdown.dispose();
  }
}

class Supervisor {
  private readonly options: RunOptions;
  private readonly shutdown: Shutdown;
  private readonly build: Build;
  private node: GatewayNode | null = null;
  private admin: AdminServer | null = null;
  private handOver: HandOver | null = null;
  private watch: ConfigWatch | null = null;
  /** An exit that somebody else decides on during the drain must not leave workers behind. */
  private readonly onExit = (): void => this.node?.endNow();

  constructor(options: RunOptions, shutdown: Shutdown) {
    this.options = options;
    this.shutdown = shutdown;
    this.build = options.build ?? buildOf();
  }

  async start(): Promise<GatewayNode> {
    const { configFile, log } = this.options;
    const config = loadOrThrow(configFile, log);
    const paths = await prepareRunDir(config.node.runDir);
    process.on('exit', this.onExit);
    const start = lockStart(paths);
    try {
      const lock = tryLockRunDir(paths, this.noteOf(config));
      const node = lock === null ? await this.startOver(config) : await this.startAlone(config, lock);
      this.handOver = new HandOver({
        node,
        runDir: config.node.runDir,
        log,
        lock: () => tryLockRunDir(paths, this.noteOf(config)),
        closeAdmin: () => this.closeAdmin(),
        openAdmin: () => this.openAdmin(node, config),
        stopped: this.shutdown.requested,
      });
      if (config.node.watch) this.watch = await this.watchFiles(node);
      log('info', `serving on ${addressesOf(config, node)}`);
      warnOfAcceptQueues(log);
      return node;
    } finally {
      start.release();
    }
  }

  /** Serves until it is told to stop, or until another supervisor has taken over; then drains. */
  async untilTheEnd(node: GatewayNode): Promise<ExitCode> {
    await Promise.race([this.shutdown.requested, this.handOver?.taken]);
    const drained = node.drain().then(() => 0);
    const code = await Promise.race([drained, this.shutdown.forced]);
    if (code === 0) return this.handOver?.successorDied() === true ? SUCCESSOR_DIED : 0;
    await node.kill();
    await drained;
    return code;
  }

  async close(): Promise<void> {
    this.watch?.stop();
    await this.handOver?.settled();
    await this.admin?.close();
    await this.node?.close();
    process.off('exit', this.onExit);
  }

  /** A supervisor that has let go leaves the files to the one that acts. */
  private async watchFiles(node: GatewayNode): Promise<ConfigWatch> {
    const { configFile, log } = this.options;
    return await ConfigWatch.start({
      configFile: resolve(configFile),
      files: () => filesOf(configFile),
      onChange: async (what) => {
        if (node.acting) await reload(node, { who: 'watch', reason: `${what} changed` }, log);
      },
    });
  }

  /** Nobody else runs here. */
  private async startAlone(config: CompiledConfig, lock: FileLock): Promise<GatewayNode> {
    const node = await GatewayNode.open(config, this.nodeOptions(), lock);
    this.node = node;
    await this.openAdmin(node, config);
    await node.start();
    return node;
  }

  /** Another supervisor runs: workers first, then everything that only one may have. */
  private async startOver(config: CompiledConfig): Promise<GatewayNode> {
    const { runDir, store } = config.node;
    return await takeOver({
      config,
      claim: {
        runDir,
        build: this.build,
        configFile: resolve(this.options.configFile),
        storeFile: store.file,
        forced: this.options.takeOver ?? false,
      },
      who: this.options.who ?? 'unknown',
      node: this.nodeOptions(),
      note: this.noteOf(config),
      log: this.options.log,
      stopped: this.shutdown.requested,
      opened: (node) => (this.node = node),
      openAdmin: (node) => this.openAdmin(node, config),
      closeAdmin: () => this.closeAdmin(),
    });
  }

  private nodeOptions() {
    const { configFile, log, workerModule = WORKER } = this.options;
    return { configFile, log, workerModule, build: this.build };
  }

  private noteOf(config: CompiledConfig): SupervisorNote {
    return {
      started: processStart(process.pid) ?? '',
      build: this.build.name,
      madeMs: this.build.madeMs,
      configFile: resolve(this.options.configFile),
      storeFile: config.node.store.file,
      drainMs: config.gateway.timeouts.drainMs,
    };
  }

  private async openAdmin(node: GatewayNode, config: CompiledConfig): Promise<void> {
    const { log } = this.options;
    const letGo = async (body: Parameters<HandOver['letGo']>[0]) => {
      if (this.handOver === null) throw HandOver.refusal('it is still starting');
      return await this.handOver.letGo(body);
    };
    const backend = new NodeBackend(node, letGo);
    const token = await ensureAdminToken(config.node.runDir);
    const admin = createAdminServer({ backend, token, log: (message) => log('error', message) });
    const { host, port } = config.node.admin;
    const bound = await admin.listen(host, port);
    this.admin = admin;
    log('info', `admin API on ${host}:${bound}`);
    this.noteAdmin(node, () => noteAdminAddress(runPaths(config.node.runDir), host, bound));
    void backend.recall((message) => log('warn', message));
  }

  /** An older supervisor drains by this note: one that takes over and cannot write it has not taken over. */
  private noteAdmin(node: GatewayNode, note: () => void): void {
    try {
      if (node.sockets.beside) node.takePaths(note);
      else note();
    } catch (error) {
      const message = `the admin address could not be noted in the run directory: ${messageOf(error)}`;
      if (node.sockets.beside) throw new CutoverError('RUN_DIR', message, { cause: error });
      this.options.log('warn', message);
    }
  }

  /** Frees the address at once; answers under way are still given. */
  private closeAdmin(): void {
    const { admin } = this;
    this.admin = null;
    void admin?.close();
  }
}

function addressesOf({ gateway }: CompiledConfig, { workers }: GatewayNode): string {
  return gateway.listeners.map(({ host }, index) => `${host}:${workers.ports[index] ?? 0}`).join(', ');
}

/** Hears signals from the first moment on, because their default is to end this process; obeys after the start. */
function listen(shutdown: Shutdown, started: Promise<GatewayNode>, { log }: RunOptions): void {
  shutdown.on(
    'SIGHUP',
    coalesced(async () => await reload(await started, { who: 'signal', reason: 'SIGHUP' }, log)),
  );
  shutdown.on('SIGUSR2', () => void started.then((node) => node.lookAtKillSwitch()));
}

/** Reads the configuration again, and says in the log what came of it; never fails. */
async function reload(node: GatewayNode, author: Authored, log: RunOptions['log']): Promise<void> {
  try {
    const { result } = await node.steering.reload(author);
    if (!result.ok) log('error', `the reload was refused: ${result.message}`);
    else if (!result.changed) log('info', 'the configuration was read again: nothing changed');
  } catch (error) {
    log('error', `the reload failed: ${messageOf(error)}`);
  }
}

/** The files that a configuration is made of, whether it can be used or not. */
function filesOf(configFile: string): string[] {
  const files = new Set<string>();
  loadConfig(configFile, { files });
  return [...files];
}
