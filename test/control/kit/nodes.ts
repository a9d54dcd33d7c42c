import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { readAdminToken } from '../../../src/control/admin-token.ts';
import { listWorkers } from '../../../src/control/run-dir.ts';
import type { Status } from '../../../src/control/schema/status.ts';
import { freePorts } from '../../kit/process.ts';
import { until } from '../../kit/until.ts';

const SCRIPT = fileURLToPath(new URL('./run-node.ts', import.meta.url));

/** A cold start on a busy machine. */
const START_MS = 20_000;

/** A supervisor in a process group of its own; its workers are in the same one. */
export interface NodeProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly log: () => string;
  /** Exit code or signal. */
  readonly exited: Promise<number | string>;
}

/** What differs in a second run over the same folder. */
interface OtherRun {
  readonly configFile?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder with a configuration, and the supervisors started in it. */
export class NodeFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'cutover-node-'));
  readonly runDir = join(this.folder, 'run');
  readonly configFile = join(this.folder, 'cutover.yaml');
  adminPort = 0;
  private settings: Record<string, unknown> = {};
  private readonly groups: number[] = [];

  /** Writes the configuration; later patches are put on top. */
  async configure(patch: Record<string, unknown> = {}): Promise<this> {
    if (this.adminPort === 0) [this.adminPort = 0] = await freePorts(1);
    this.settings = {
      listen: [{ address: '127.0.0.1:0' }],
      admin: { address: `127.0.0.1:${this.adminPort}` },
      workers: 2,
      legacy: { servers: ['http://127.0.0.1:1'] },
      candidate: { servers: ['http://127.0.0.1:2'] },
      rollout: { window: '1s' },
      timeouts: { drain: '1s' },
      ...this.settings,
      ...patch,
    };
    writeFileSync(this.configFile, JSON.stringify(this.settings));
    return this;
  }

  /** Starts a supervisor and does not wait for anything. */
  launch(workers: 'stub' | 'real' = 'stub', other: OtherRun = {}): NodeProcess {
    const child = spawn(process.execPath, [SCRIPT, other.configFile ?? this.configFile, workers], {
      cwd: this.folder,
      env: { ...process.env, ...other.env },
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const exited = new Promise<number | string>((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
    const pid = child.pid ?? 0;
    this.groups.push(pid);
    return { child, pid, log: () => text, exited };
  }

  /** Starts a supervisor and waits until all its workers serve. */
  async start(workers: 'stub' | 'real' = 'stub', other: OtherRun = {}): Promise<NodeProcess> {
    const started = this.launch(workers, other);
    await until(
      async () => {
        if (started.child.exitCode !== null) throw new Error(`it ended: ${started.log()}`);
        const status = await this.status().catch(() => null);
        return (
          status !== null &&
          status.workers.every(({ state }) => state === 'serving') &&
          status.snapshot.inEffect
        );
      },
      'the workers to serve',
      START_MS,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${started.log()}`, { cause: error });
    });
    return started;
  }

  async status(): Promise<Status> {
    const { body } = await request(`http://127.0.0.1:${this.adminPort}/v1/status`);
    return (await body.json()) as Status;
  }

  async port(): Promise<number> {
    const [listener] = (await this.status()).listeners;
    return Number(listener?.address.split(':').at(-1));
  }

  /** A command of the admin API. */
  async command(path: string, body: object = {}): Promise<{ status: number; text: string }> {
    const answer = await request(`http://127.0.0.1:${this.adminPort}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await readAdminToken(this.runDir)}`,
      },
      body: JSON.stringify(body),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  /** What a GET of the admin API answers. */
  async read(path: string): Promise<unknown> {
    const authorization = `Bearer ${await readAdminToken(this.runDir)}`;
    const answer = await request(`http://127.0.0.1:${this.adminPort}${path}`, { headers: { authorization } });
    return await answer.body.json();
  }

  async workerPids(): Promise<number[]> {
    return (await listWorkers(this.runDir)).map(({ pid }) => pid);
  }

  /** Kills everything that was started here. */
  remove(): void {
    for (const group of this.groups) {
      try {
        process.kill(-group, 'SIGKILL');
      } catch {
        // Nobody is left in it.
      }
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
