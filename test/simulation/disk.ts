import { decodeUnstored, encodeUnstored } from '../../src/rollout/codec.ts';
import type { UnstoredLog } from '../../src/rollout/unstored.ts';
import type { Caller } from './links.ts';

/** The run directory of one place: what survives its processes beside the store. */
export class Disk {
  /** The configuration file: which of the variants it holds. */
  variant = 0;
  unstored: string | null = null;
  killSwitch = false;
  full = false;
  /** Not even a name fits. */
  crammed = false;

  /** Writes the kill switch's file. @returns whether it is there */
  throwSwitch(): boolean {
    if (!this.crammed) this.killSwitch = true;
    return this.killSwitch;
  }

  /** Where a process keeps what the store did not take, with the product's own encoding. */
  log(caller: Caller, forgetful: boolean): UnstoredLog {
    return {
      save: (list) => {
        const forgets = list.length === 0;
        if (caller.dies(forgets ? 'before forget' : 'before keep') || !caller.alive) return;
        if (this.full && !forgets) throw new Error('no space left on device');
        this.unstored = forgets || forgetful ? null : encodeUnstored(list);
        caller.dies(forgets ? 'after forget' : 'after keep');
      },
      load: () => (this.unstored === null ? [] : decodeUnstored(this.unstored)),
      fallBack: () => caller.alive && this.throwSwitch(),
    };
  }
}
