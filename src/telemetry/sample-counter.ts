import { LIMITS } from '../core/limits.ts';
import type { SampleUsers } from './cohort-types.ts';
import { SAMPLE_WORDS } from './sample-buffer.ts';
import { SeenSet } from './seen-set.ts';

/** Tells the users apart whose lot for the sample was drawn, of all workers, over one epoch. */
export class SampleCounter {
  private readonly seen = new SeenSet(LIMITS.sampleUsers);

  /** Memory held, bytes. */
  get bytes(): number {
    return this.seen.bytes;
  }

  /** The users that are new; undefined without any. Who comes when there is no room any more is not counted. */
  count(entries: Uint32Array | undefined): SampleUsers | undefined {
    if (entries === undefined) return undefined;
    let [chosen, left] = [0, 0];
    for (let at = 0; at < entries.length; at += SAMPLE_WORDS) {
      const low = entries[at + 1] as number;
      if (this.seen.add(entries[at] as number, low >>> 1) !== 'new') continue;
      if ((low & 1) === 1) chosen += 1;
      else left += 1;
    }
    return chosen + left === 0 ? undefined : { chosen, left };
  }
}

/** Adds counts of one memory; undefined for none. */
export function addSamples(all: readonly (SampleUsers | undefined)[]): SampleUsers | undefined {
  const known = all.filter((each) => each !== undefined);
  if (known.length === 0) return undefined;
  return known.reduce((sum, each) => ({ chosen: sum.chosen + each.chosen, left: sum.left + each.left }));
}

/** The users of the sample as a part of something, or no part. */
export function withSample(sample: SampleUsers | undefined): { readonly sample?: SampleUsers } {
  return sample === undefined ? {} : { sample };
}
