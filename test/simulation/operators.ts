import { refuse } from '../../src/rollout/command.ts';
import type { ApplyResult } from '../../src/rollout/controller-types.ts';
import { comparePositions } from '../../src/rollout/position.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { configurations } from './configs.ts';
import { REGIONS } from './exposure.ts';
import type { Place, Shared } from './place.ts';
import type { Supervisor } from './supervisor.ts';
import type { World } from './world.ts';

const WISHES = {
  advance: 60,
  force: 5,
  readmit: 3,
  rollback: 6,
  withdraw: 4,
  pause: 3,
  resume: 1,
  bypass: 2,
  bypassOff: 1,
  reload: 4,
  reloadSame: 2,
} as const;

type Wish = keyof typeof WISHES;

/** What an operator was told to be done. */
interface Told {
  readonly reason: string;
  readonly verb: string;
  readonly region: string | null;
  readonly state: RolloutState;
  readonly place: Place;
  /** Lines of the audit at that time. */
  readonly after: number;
}

/** People who do things at random, and remember what they were told. */
export class Operators {
  private readonly world: World;
  private readonly shared: Shared;
  private readonly told: Told[] = [];
  /** They want something taken back, or somebody to get the candidate, now. */
  urged: 'relief' | 'exposure' | null = null;
  private asked = 0;
  private nextS = 5;

  constructor(world: World, shared: Shared) {
    this.world = world;
    this.shared = shared;
  }

  /** Called once a second. */
  tick(second: number, place: Place): void {
    const { dice } = this.world;
    if (second < this.nextS && this.urged === null) return;
    this.nextS = second + dice.between(2, 9);
    const { supervisor } = place;
    if (supervisor === null || supervisor.steering === null) return;
    void this.ask(this.wish(supervisor.steering.state), supervisor);
  }

  /** Every answer that said "done" is in the audit, or everything it asked for was so otherwise. */
  check(): void {
    const { world } = this;
    for (const told of this.told) {
      const kept = this.isKept(told);
      world.hold(
        'acknowledged-kept',
        kept,
        () => `the ${told.verb} "${told.reason}" was acknowledged and is forgotten`,
      );
    }
  }

  private isKept({ reason, verb, region, state, after, place }: Told): boolean {
    const { audit } = this.shared;
    // The next start there takes it up, or sends everything to legacy.
    if (
      audit.has(reason) ||
      place.disk.killSwitch ||
      place.disk.unstored?.includes(JSON.stringify(reason)) === true
    )
      return true;
    // What was decided while the store was out of reach is dropped where the rollout got as far back by another way.
    const later = audit.records.slice(Math.max(0, after - 1)).map((record) => record.state);
    return later.some((each) => {
      if (each.bypass) return true;
      if (verb !== 'rollback') return false;
      return region === null ? comparePositions(each, state) <= 0 : (each.shares[region] ?? 0) === 0;
    });
  }

  /** People want most what is missing. */
  private wish({ phase, paused, bypass }: RolloutState): Wish {
    const { dice } = this.world;
    const { urged } = this;
    this.urged = null;
    if (urged === 'relief' && !bypass) return phase === 'shadow' || dice.chance(0.3) ? 'bypass' : 'rollback';
    if (urged === 'exposure' && phase === 'shadow') return bypass ? 'bypassOff' : paused ? 'resume' : 'force';
    if (paused && dice.chance(0.5)) return 'resume';
    if (bypass && dice.chance(0.5)) return 'bypassOff';
    return dice.weighted(WISHES);
  }

  private async ask(wish: Wish, supervisor: Supervisor): Promise<void> {
    const { world } = this;
    this.asked += 1;
    const reason = `${wish} ${this.asked}`;
    world.say('operator', () => reason);
    const region = world.dice.pick(REGIONS);
    const result = await this.carryOut(wish, supervisor, { reason, region });
    if (supervisor.dies('before answer') || !supervisor.alive) return;
    world.say('operator', () => `${reason}: ${answerOf(result)}`);
    if (!result.ok || !result.changed) return;
    const { audit } = this.shared;
    world.hold(
      'acknowledged-kept',
      !result.stored || audit.has(reason),
      () => `"${reason}" is said to be stored, and is not`,
    );
    if (!result.survivesRestart) return;
    const regional = wish === 'withdraw' || wish === 'readmit' ? region : null;
    const { state } = result;
    const { place } = supervisor;
    this.told.push({
      reason,
      verb: result.entry.verb,
      region: regional,
      state,
      place,
      after: audit.records.length,
    });
  }

  private async carryOut(
    wish: Wish,
    supervisor: Supervisor,
    { reason, region }: { readonly reason: string; readonly region: string },
  ): Promise<ApplyResult> {
    const { steering, place } = supervisor;
    if (steering === null) return refuse(1, 'CLOSED', 'it is gone', '');
    const by = { who: 'ana', reason };
    const advance = { verb: 'advance', to: null, approve: true, legacyServes: true, ...by } as const;
    switch (wish) {
      case 'advance':
        return await steering.apply({ ...advance, force: false });
      case 'force':
        return await steering.apply({ ...advance, force: true });
      case 'readmit':
        return await steering.apply({ ...advance, force: true, region });
      case 'rollback':
        return await steering.apply({ verb: 'rollback', to: null, ...by });
      case 'withdraw':
        return await steering.apply({ verb: 'rollback', to: null, region, ...by });
      case 'pause':
      case 'resume':
        return await steering.apply({ verb: wish, ...by });
      case 'bypass':
        place.disk.throwSwitch();
        return await place.switched(() => steering.apply({ verb: 'bypass', ...by }));
      case 'bypassOff': {
        const result = await place.switched(() => steering.apply({ verb: 'bypass_off', ...by }));
        if (result.ok && supervisor.alive) place.disk.killSwitch = false;
        return result;
      }
      case 'reload':
      case 'reloadSame': {
        if (wish === 'reload') place.disk.variant = this.world.dice.between(0, configurations().length - 1);
        const { result } = await steering.reload(by);
        supervisor.loaded();
        return result;
      }
    }
  }
}

function answerOf(result: ApplyResult): string {
  if (!result.ok) return `${result.code}: ${result.message}`;
  return `${result.changed ? 'done' : 'is so'}${result.stored ? '' : ', not stored'}${result.survivesRestart ? '' : ', lost at a restart'}`;
}
