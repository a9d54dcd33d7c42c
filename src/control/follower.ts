import { CutoverError, messageOf } from '../core/errors.ts';
import type { RolloutView } from '../core/snapshot.ts';
import { decodeState, ROLLOUT_KEY } from '../rollout/codec.ts';
import type { Entry } from '../rollout/ports.ts';
import type { RolloutPlan, RolloutState } from '../rollout/state.ts';
import { transition } from '../rollout/transition.ts';
import { rolloutView } from '../rollout/view.ts';
import { openSqliteReader } from '../store/sqlite/store.ts';
import type { SqliteStore } from '../store/sqlite/store.ts';

/** Of what is counted before this supervisor acts: evidence of no epoch. */
const NO_EPOCH = 0;

export interface FollowerOptions {
  readonly storeFile: string;
  readonly plan: RolloutPlan;
  readonly configHash: string;
  readonly build: string;
  readonly nowMs: () => number;
  /** Called for what is stored now, and after every change. Must not throw. */
  readonly publish: (view: RolloutView) => void;
  readonly log: (message: string) => void;
}

/**
 * The rollout as another supervisor steers it, for workers that serve before this one acts. It reads and never writes;
 * nothing is copied, and nothing that is counted meanwhile is evidence.
 */
export class Follower {
  private readonly options: FollowerOptions;
  private readonly store: SqliteStore;
  private readonly stop = new AbortController();

  private constructor(options: FollowerOptions, store: SqliteStore) {
    this.options = options;
    this.store = store;
  }

  /** @throws CutoverError STORE_… when the store cannot be read as it is, or when the rollout refuses this configuration */
  static async open(options: FollowerOptions): Promise<Follower> {
    const follower = new Follower(options, openSqliteReader(options.storeFile));
    try {
      await follower.start();
      return follower;
    } catch (error) {
      await follower.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.store.close();
  }

  private async start(): Promise<void> {
    const { state } = this.store;
    const entry = await state.get(ROLLOUT_KEY);
    if (entry === null) throw new Error('a supervisor runs and its store holds no rollout');
    this.options.publish(this.viewOf(entry));
    const seen = (entries: readonly Entry[]): void => {
      const changed = entries.find(({ key }) => key === ROLLOUT_KEY);
      if (changed !== undefined) this.follow(changed);
    };
    state.watch(
      ROLLOUT_KEY,
      {
        snapshot: (_rev, entries) => seen(entries),
        batch: (_rev, changes) =>
          seen(changes.flatMap((change) => (change.type === 'put' ? [change.entry] : []))),
        health: () => undefined,
      },
      this.stop.signal,
    );
  }

  private follow(entry: Entry): void {
    if (this.stop.signal.aborted) return;
    try {
      this.options.publish(this.viewOf(entry));
    } catch (error) {
      this.options.log(`a change of the rollout could not be followed: ${messageOf(error)}`);
    }
  }

  /** As it will be once this supervisor acts: a plan that differs may put the rollout further back. */
  private viewOf(entry: Entry): RolloutView {
    const { plan } = this.options;
    const view = rolloutView(this.alignedState(decodeState(entry.value)), plan, {});
    return { ...view, epoch: NO_EPOCH, sample: 0, reverseSample: 0 };
  }

  private alignedState(state: RolloutState): RolloutState {
    const { plan, configHash, build, nowMs } = this.options;
    const command = { verb: 'reload', who: 'controller', reason: 'hand-over', configHash, build } as const;
    const made = transition(state, command, plan, nowMs());
    if (!made.ok) throw new CutoverError(made.code, made.message, { hint: made.hint });
    return made.state;
  }
}
