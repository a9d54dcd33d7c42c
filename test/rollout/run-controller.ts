import { writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { UnstoredFile } from '../../src/control/unstored-file.ts';
import { Controller } from '../../src/rollout/controller.ts';
import type { OperatorCommand } from '../../src/rollout/controller-types.ts';
import { AmbiguousError } from '../../src/rollout/ports.ts';
import type { Lease, StateStore } from '../../src/rollout/ports.ts';
import type { UnstoredLog } from '../../src/rollout/unstored.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { plan } from './fixtures.ts';

/**
 * A controller that kills its own process at the n-th point of what it does: `run-controller.ts JOB`, a {@link Job} as
 * JSON. It prints the name of every point that it reaches, before it dies there.
 */
export interface Job {
  readonly file: string;
  readonly runDir: string;
  /** Where it dies: a point's name, its index, or null to live on. */
  readonly dieAt: string | number | null;
  /** Null: it only starts, and the points of the start count. */
  readonly command: OperatorCommand | null;
  /** `refuses`: no commit takes effect. `vanishes`: the first one does, and nobody hears of it, nor of anything after. */
  readonly store: 'sound' | 'refuses' | 'vanishes';
  /** The statements inside of a commit are points, too. */
  readonly statements?: true;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
let armed = false;
let reached = 0;

function point(name: string): void {
  if (!armed) return;
  writeSync(1, `${name}\n`);
  if (job.dieAt === name || job.dieAt === reached) die();
  reached += 1;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

async function step<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  point(`before ${name}`);
  const result = await work();
  point(`after ${name}`);
  return result;
}

let committing = false;
interface Runs {
  readonly source: string;
  run(...values: unknown[]): unknown;
}
const scratch = new Database(':memory:');
const statements = Object.getPrototypeOf(scratch.prepare('SELECT 1')) as Runs;
const plain: Pick<Runs, 'run'> = { ...statements };
statements.run = function run(this: Runs, ...values: unknown[]): unknown {
  if (committing && job.statements) point(`statement ${this.source.split(/\s/)[0]}`);
  return plain.run.apply(this, values);
};

let gone = false;

function mortal(store: StateStore): StateStore {
  const ask = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    step(name, () => (gone ? Promise.reject(new Error('no answer')) : work()));
  return {
    get: (key) => ask(`get ${key.split('/')[0]}`, () => store.get(key)),
    list: (prefix) => ask('list', () => store.list(prefix)),
    acquire: (...lease) => ask('acquire', async () => mortalLease(await store.acquire(...lease))),
    commit: async (...commit) => heard(await step('commit', () => committed(() => store.commit(...commit)))),
    watch: (...watch) => void (job.store === 'vanishes' || store.watch(...watch)),
    status: () => store.status(),
    close: () => store.close(),
  };
}

async function committed<T>(work: () => Promise<T>): Promise<T> {
  if (armed && job.store === 'refuses') throw new Error('the disk is gone');
  if (gone) throw new AmbiguousError('no answer');
  committing = true;
  const answer = work();
  committing = false;
  return answer;
}

function heard<T>(commit: T): T {
  gone = armed && job.store === 'vanishes';
  if (gone) throw new AmbiguousError('no answer');
  return commit;
}

function mortalLease(lease: Lease | null): Lease | null {
  if (lease === null) return null;
  return {
    token: lease.token,
    lost: lease.lost,
    renew: () => lease.renew(),
    release: () => step('release', () => lease.release()),
  };
}

function mortalLog(log: UnstoredLog): UnstoredLog {
  return {
    load: () => log.load(),
    fallBack: () => log.fallBack(),
    save(list) {
      const name = list.length === 0 ? 'forget' : 'keep';
      point(`before ${name}`);
      log.save(list);
      point(`after ${name}`);
    },
  };
}

armed = job.command === null;
const forever = 1e14;
const retention = { windowsMs: forever, examplesMs: forever, eventsMs: forever, maxBytes: forever };
const store = openSqliteStore({ file: job.file, retention });
const controller = await Controller.open(mortal(store.state), {
  plan,
  configHash: 'c1',
  build: '1',
  holder: 'the mortal',
  publish() {
    point('before publish');
    point('after publish');
  },
  unstoredLog: mortalLog(new UnstoredFile(job.runDir, () => undefined)),
  tickMs: 0,
});
armed = true;
if (job.command !== null) {
  const answer = await controller.apply(job.command);
  point(answer.ok ? 'acknowledged' : `refused ${answer.code}`);
}
await controller.close();
await store.close();
