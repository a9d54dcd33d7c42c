import { refuse } from '../../src/rollout/command.ts';
import type { Commit, StateStore, TelemetryStore } from '../../src/rollout/ports.ts';
import type { Window } from '../../src/telemetry/types.ts';
import type { BaseStore, Plant } from './world.ts';

/** A store that does one thing in another way. */
function withState(base: BaseStore, change: Partial<StateStore>): BaseStore {
  const { state } = base;
  const plain: StateStore = {
    get: (key) => state.get(key),
    list: (prefix) => state.list(prefix),
    commit: (guards, ops, id) => state.commit(guards, ops, id),
    watch: (prefix, handler, signal) => state.watch(prefix, handler, signal),
    acquire: (name, holder, ttlMs) => state.acquire(name, holder, ttlMs),
    status: () => state.status(),
    close: () => state.close(),
  };
  return { ...base, state: { ...plain, ...change } };
}

function reading(base: BaseStore, change: (windows: Window[]) => Window[]): BaseStore {
  const { telemetry } = base;
  const readWindows: TelemetryStore['readWindows'] = async function* readWindows(fromMs, toMs) {
    const windows: Window[] = [];
    for await (const window of telemetry.readWindows(fromMs, toMs)) windows.push(window);
    yield* change(windows);
  };
  const port = new Proxy(telemetry, {
    get: (target, key) => (key === 'readWindows' ? readWindows : bound(target, key)),
  });
  return { ...base, telemetry: port };
}

function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}

/** Bugs that the simulation must find, put in from outside. */
export const PLANTS: readonly Plant[] = [
  {
    name: 'gates that are always ready',
    caughtBy: ['advance-proven'],
    opened({ steering }) {
      const gates = steering?.gates;
      if (gates === undefined) return;
      const judged = gates.judged.bind(gates);
      gates.judged = () => {
        const { input, gate } = judged();
        return { input, gate: { ...gate, verdict: 'ready' } };
      };
    },
  },
  {
    name: 'gates that abort for one bad answer',
    caughtBy: ['abort-grounded'],
    opened({ steering }) {
      const gates = steering?.gates;
      if (gates === undefined) return;
      const report = gates.report.bind(gates);
      gates.report = () => {
        const said = report();
        const bad = said.metrics.some(({ plus }) => plus > 0);
        const to = { phase: 'shadow', step: 0 } as const;
        return bad && said.phase !== 'shadow'
          ? { ...said, verdict: 'abort', action: { to, region: null } }
          : said;
      };
    },
  },
  {
    name: 'gates that only talk',
    caughtBy: ['relief-in-time'],
    opened({ steering }) {
      const gates = steering?.gates;
      if (gates === undefined) return;
      const report = gates.report.bind(gates);
      gates.report = () => ({ ...report(), action: null });
    },
  },
  {
    name: 'a controller that publishes without storing',
    caughtBy: ['audited', 'share-within-plan', 'acknowledged-kept'],
    connect: (base) => {
      let rev = 1_000_000n;
      return withState(base, {
        commit: async (guards, ops, id): Promise<Commit> => {
          const first = (await base.state.get('ctl/rollout')) === null;
          return first ? await base.state.commit(guards, ops, id) : { ok: true, rev: (rev += 1n) };
        },
      });
    },
  },
  {
    name: 'a store that forgets a commit it has confirmed',
    caughtBy: ['audited', 'versions-grow', 'acknowledged-kept', 'chain-intact', 'recovers'],
    connect: (base) => {
      let commits = 0;
      return withState(base, {
        commit: async (guards, ops, id): Promise<Commit> => {
          commits += 1;
          if (commits % 4 !== 0) return await base.state.commit(guards, ops, id);
          return { ok: true, rev: base.state.status().rev + 1n };
        },
      });
    },
  },
  {
    name: 'a step taken twice',
    caughtBy: ['one-step'],
    opened({ steering }) {
      if (steering === null) return;
      const apply = steering.apply.bind(steering);
      steering.apply = async (command) => {
        const first = await apply(command);
        return first.ok && command.verb === 'advance' && command.force ? await apply(command) : first;
      };
    },
  },
  {
    name: 'a commit that does not ask for the lease',
    caughtBy: ['one-leader'],
    connect: (base) =>
      withState(base, {
        commit: async (guards, ops, id) => {
          return await base.state.commit(
            guards.filter((guard) => !('lease' in guard)),
            ops,
            id,
          );
        },
      }),
  },
  {
    name: 'a recall that counts a window twice',
    caughtBy: ['evidence-exact'],
    connect: (base) => reading(base, (windows) => windows.flatMap((window) => [window, window])),
  },
  {
    name: 'a recall that loses the oldest window',
    caughtBy: ['evidence-exact'],
    connect: (base) => reading(base, (windows) => windows.slice(1)),
  },
  {
    name: 'a worker that is given more than its share',
    caughtBy: ['share-within-plan'],
    view: (view) => {
      const shares = Object.entries(view.shares).map(([region, share]) => [region, Math.min(1, share * 1.5)]);
      return { ...view, shares: Object.fromEntries(shares) as Record<string, number> };
    },
  },
  {
    name: 'a controller that refuses rollbacks',
    caughtBy: ['relief-in-time'],
    opened({ steering }) {
      if (steering === null) return;
      const apply = steering.apply.bind(steering);
      steering.apply = async (command) =>
        command.verb === 'rollback' ? refuse(5, 'PAUSED', 'no', 'wait') : await apply(command);
    },
  },
  {
    name: 'a rollback that is not published',
    caughtBy: ['relief-in-time'],
    view: (view, relief) => (relief ? null : view),
  },
  {
    name: 'a kill switch that leaves the shares as they are',
    caughtBy: ['bypass-holds'],
    view: (view) => (view.bypass ? { ...view, shares: { eu: 0.3 }, bypass: true } : view),
  },
  {
    name: 'a run directory that forgets what it kept',
    caughtBy: ['acknowledged-kept'],
    forgetful: true,
  },
];
