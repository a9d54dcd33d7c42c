import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../../src/control/schema/status.ts';
import type { ClientAnswer } from './answer-reader.ts';
import { fetchOnce } from './http-client.ts';
import { freePorts, startChild, temporaryFolder } from './process.ts';
import type { Child } from './process.ts';
import { REPOSITORY } from './shared-data.ts';
import { until } from './until.ts';

/** Plain values as they stand in `cutover.yaml`. */
export interface Settings {
  readonly [key: string]: unknown;
}

/** Something that listens: an embedded upstream, or a URL. */
type Target = string | { readonly url: string };

const CUTOVER = join(REPOSITORY, 'bin/cutover.js');
const START_TIMEOUT_MS = 20_000;

/** What a verb printed, and its exit code. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real product, started by `cutover run` in a directory of its own. */
export interface RunningGateway {
  /** Base URL of the first listener; `urls` has all of them. */
  readonly url: string;
  readonly urls: readonly string[];
  readonly adminUrl: string;
  /** The directory of its configuration, run directory, database and logs. */
  readonly folder: string;
  readonly configFile: string;
  /** One request to the admin API; a body is sent as JSON. */
  readonly admin: (path: string, request?: { method?: string; body?: object }) => Promise<ClientAnswer>;
  readonly status: () => Promise<Status>;
  /** Runs a verb with the same configuration. */
  readonly cli: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<CliResult>;
  readonly pids: () => { readonly supervisor: number; readonly workers: number[] };
  /** Merges into the configuration and writes it; nothing is told about it. */
  readonly rewrite: (patch: Settings) => void;
  /** Sends a signal to the supervisor. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** Kills the supervisor and every worker at once. */
  readonly killAll: () => void;
  readonly exited: Promise<number | string>;
  /** Starts another supervisor over the same configuration and directory; the folder goes with the last one. */
  readonly restart: () => Promise<RunningGateway>;
  /** Both outputs of `run` so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Values of `patch` win; objects are merged, lists are replaced. */
export function merge(base: Settings, patch: Settings): Settings {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function urlOf(target: Target): string {
  return typeof target === 'string' ? target : target.url;
}

/** Describes a gateway: `await gateway().legacy(a).candidate(b).config({ workers: 2 }).start()`. */
export class GatewayBuilder {
  private settings: Settings = {
    listen: [{ address: '127.0.0.1:0' }],
    workers: 1,
    runDir: './run',
    store: { sqlite: './cutover.db' },
    rollout: { window: '1s' },
    // The tests share few cores: a worker that gets none for a while is not overloaded.
    limits: { loopDelay: '2s' },
  };
  private environment: Record<string, string> = {};
  private program = CUTOVER;

  /** Runs another build: the path of its `bin/cutover.js`. */
  built(program: string): this {
    this.program = program;
    return this;
  }

  legacy(...targets: Target[]): this {
    return this.config({ legacy: { servers: targets.map(urlOf) } });
  }

  /** A candidate of servers only; routes and upstreams come by `config`. */
  candidate(...targets: Target[]): this {
    return this.config({ candidate: { servers: targets.map(urlOf) } });
  }

  config(patch: Settings): this {
    this.settings = merge(this.settings, patch);
    return this;
  }

  env(values: Readonly<Record<string, string>>): this {
    this.environment = { ...this.environment, ...values };
    return this;
  }

  /** Writes the configuration without starting anything. @returns the directory and the file */
  async write(): Promise<Place> {
    const { path: folder, remove } = temporaryFolder('cutover-gateway');
    const configFile = join(folder, 'cutover.yaml');
    const [adminPort] = await freePorts(1);
    const settings = merge({ admin: { address: `127.0.0.1:${adminPort}` } }, this.settings);
    // JSON is YAML.
    writeFileSync(configFile, `${JSON.stringify(settings, null, 2)}\n`);
    return { folder, configFile, settings, remove };
  }

  /** Starts it and waits until every worker serves. @throws with its output when it does not come up */
  async start(): Promise<RunningGateway> {
    const place = await this.write();
    return launch(place, this.environment, this.program);
  }
}

interface Place {
  readonly folder: string;
  readonly configFile: string;
  readonly settings: Settings;
  /** Removes the folder. */
  readonly remove: () => void;
}

async function launch(
  place: Place,
  environment: Readonly<Record<string, string>>,
  program = CUTOVER,
): Promise<RunningGateway> {
  const child = await startChild(process.execPath, [program, 'run', '-c', place.configFile], {
    cwd: place.folder,
    env: environment,
  });
  const running = new Running(child, place, environment);
  try {
    return await running.ready();
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Describes a gateway. */
export function gateway(): GatewayBuilder {
  return new GatewayBuilder();
}

/** Runs `cutover` with arguments to its end. */
export async function cutover(
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<CliResult> {
  const child = await startChild(process.execPath, [CUTOVER, ...args], options);
  const ended = await child.exited;
  await child.stop();
  return { code: typeof ended === 'number' ? ended : -1, stdout: child.stdout(), stderr: child.stderr() };
}

class Running {
  private readonly child: Child;
  private readonly folder: string;
  private readonly configFile: string;
  private readonly environment: Readonly<Record<string, string>>;
  private readonly adminUrl: string;
  private readonly removeFolder: () => void;
  private settings: Settings;

  constructor(child: Child, place: Place, environment: Readonly<Record<string, string>>) {
    this.child = child;
    this.folder = place.folder;
    this.configFile = place.configFile;
    this.removeFolder = place.remove;
    this.settings = place.settings;
    this.environment = environment;
    this.adminUrl = `http://${(place.settings['admin'] as { address: string }).address}`;
  }

  private get runDir(): string {
    return join(this.folder, this.settings['runDir'] as string);
  }

  async ready(): Promise<RunningGateway> {
    const status = await until(() => this.serving(), 'the gateway to serve', START_TIMEOUT_MS).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${this.log()}`, { cause: error });
      },
    );
    const urls = status.listeners.map((listener) => `http://${listener.address}`);
    return {
      url: urls[0] ?? '',
      urls,
      adminUrl: this.adminUrl,
      folder: this.folder,
      configFile: this.configFile,
      admin: (path, request) => this.admin(path, request),
      status: () => this.status(),
      cli: (args, env) => this.cli(args, env),
      pids: () => this.pids(),
      rewrite: (patch) => this.rewrite(patch),
      signal: (name) => this.child.signal(name),
      killAll: () => this.killAll(),
      exited: this.child.exited,
      restart: () => this.restart(),
      log: () => this.log(),
      stop: () => this.stop(),
    };
  }

  private async serving(): Promise<Status | null> {
    if (this.child.ended() !== null) throw new Error(`cutover run ended with ${this.child.ended()}`);
    const status = await this.status().catch(() => null);
    const serve = status?.workers.every((worker) => worker.state === 'serving') === true;
    return serve && status.workers.length > 0 && status.snapshot.inEffect ? status : null;
  }

  private admin(path: string, request: { method?: string; body?: object } = {}): Promise<ClientAnswer> {
    const { method = 'GET', body } = request;
    const headers: Record<string, string> = {};
    const token = readText(join(this.runDir, 'admin.token')).trim();
    if (token !== '') headers['authorization'] = `Bearer ${token}`;
    if (body === undefined) return fetchOnce(`${this.adminUrl}${path}`, { method, headers }, 5_000);
    headers['content-type'] = 'application/json';
    return fetchOnce(`${this.adminUrl}${path}`, { method, headers, body: JSON.stringify(body) }, 5_000);
  }

  private async status(): Promise<Status> {
    const answer = await this.admin('/v1/status');
    if (answer.status !== 200) throw new Error(`status answered ${answer.status}: ${answer.body.toString()}`);
    return JSON.parse(answer.body.toString()) as Status;
  }

  private cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
    const all = [...args, '-c', this.configFile];
    return cutover(all, { cwd: this.folder, env: { ...this.environment, ...env } });
  }

  /** The workers are taken from the run directory, so that they are found without their supervisor too. */
  private pids(): { supervisor: number; workers: number[] } {
    const folder = join(this.runDir, 'workers');
    const workers: number[] = [];
    for (const name of list(folder)) {
      const pid = Number(/"pid":\s*(\d+)/.exec(readText(join(folder, name)))?.[1] ?? 0);
      if (pid > 1 && isAlive(pid)) workers.push(pid);
    }
    return { supervisor: this.child.pid, workers };
  }

  private rewrite(patch: Settings): void {
    this.settings = merge(this.settings, patch);
    writeFileSync(this.configFile, `${JSON.stringify(this.settings, null, 2)}\n`);
  }

  private restart(): Promise<RunningGateway> {
    const { folder, configFile, settings } = this;
    return launch({ folder, configFile, settings, remove: this.removeFolder }, this.environment);
  }

  private killAll(): void {
    const { supervisor, workers } = this.pids();
    for (const pid of [supervisor, ...workers]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
  }

  private log(): string {
    return `${this.child.stdout()}${this.child.stderr()}`;
  }

  async stop(): Promise<void> {
    await this.child.stop(10_000);
    this.removeFolder();
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Not there yet, or not any more.
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
