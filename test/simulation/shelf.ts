import { canonicalJson } from '../../src/core/hash.ts';
import type { Window } from '../../src/telemetry/types.ts';
import type { World } from './world.ts';

/** What tells one window from all others. */
export function nameOf({ id, epoch, keeper }: Window): string {
  return `${id} ${epoch} ${keeper}`;
}

/** Every window that a store took, kept beside it. */
export class Shelf {
  private readonly world: World;
  private readonly windows = new Map<string, Window>();

  constructor(world: World) {
    this.world = world;
  }

  put(window: Window, outcome: 'stored' | 'duplicate' | 'late'): void {
    const { world } = this;
    const name = nameOf(window);
    const known = this.windows.get(name);
    world.hold('windows-once', outcome !== 'late', () => `window ${name} came too late for the store`);
    if (outcome === 'duplicate') {
      const same = known !== undefined && canonicalJson(known) === canonicalJson(window);
      world.hold('windows-once', same, () => `window ${name} was taken for another one: its counts are lost`);
    } else {
      world.hold('windows-once', known === undefined, () => `window ${name} is stored twice`);
      this.windows.set(name, window);
    }
  }

  has(window: Window): boolean {
    return this.windows.has(nameOf(window));
  }

  /** The windows of an epoch, in the order in which a store gives them. */
  ofEpoch(epoch: number): Window[] {
    return [...this.windows.values()]
      .filter((window) => window.epoch === epoch)
      .toSorted((a, b) => a.startMs - b.startMs);
  }
}
