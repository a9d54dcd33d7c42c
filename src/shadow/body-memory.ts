// HOT: a pop and a push for each body; once warm nothing is allocated, and a body is copied once.
import { LIMITS } from '../core/limits.ts';

const KIB = 1_024;
/** Bytes of a region, two steps to a doubling: at most a third of one stays empty. */
const SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64].map((kib) => kib * KIB);

/**
 * Memory for bodies of answers that the diff thread reads where they are. A body of its own memory costs the main thread
 * three times as much: new pages, a second copy for the thread, and a collector that counts bytes (12.9 µs for 20 KiB;
 * here 2.2 µs). It grows up to `LIMITS.bodySlabs` and is then reused for good; who finds no room uses the heap.
 */
export class BodyMemory {
  private readonly bySize: Slab[][] = SIZES.map(() => []);
  private slabs = 0;
  /** Regions that are taken. */
  taken = 0;

  /** A region for so many bytes, held once; null: too large, or no room. */
  take(bytes: number): Region | null {
    const size = SIZES.findIndex((fits) => bytes <= fits);
    if (size === -1) return null;
    const region = this.freeOf(size);
    if (region === null) return null;
    region.holders = 1;
    this.taken += 1;
    return region;
  }

  private freeOf(size: number): Region | null {
    for (const slab of this.bySize[size] as Slab[]) {
      const region = slab.free.pop();
      if (region !== undefined) return region;
    }
    return this.open(size)?.free.pop() ?? null;
  }

  /** Another slab for this size: a new one, or one that other sizes have no use for. */
  private open(size: number): Slab | null {
    const memory = this.slabs < LIMITS.bodySlabs ? new SharedArrayBuffer(LIMITS.bodySlabBytes) : this.idle();
    if (memory === null) return null;
    if (this.slabs < LIMITS.bodySlabs) this.slabs += 1;
    const slab = cut(memory, SIZES[size] as number, this);
    this.bySize[size]?.push(slab);
    return slab;
  }

  private idle(): SharedArrayBuffer | null {
    for (const slabs of this.bySize) {
      const index = slabs.findIndex(({ free, regions }) => free.length === regions);
      if (index !== -1) return (slabs.splice(index, 1)[0] as Slab).memory;
    }
    return null;
  }
}

interface Slab {
  readonly memory: SharedArrayBuffer;
  readonly regions: number;
  readonly free: Region[];
}

function cut(memory: SharedArrayBuffer, bytes: number, owner: BodyMemory): Slab {
  const free: Region[] = [];
  for (let at = 0; at + bytes <= memory.byteLength; at += bytes)
    free.push(new Region(Buffer.from(memory, at, bytes), free, owner));
  return { memory, regions: free.length, free };
}

/** Room for one body, used again once nobody holds it. */
export class Region {
  readonly bytes: Buffer;
  holders = 0;
  private readonly home: Region[];
  private readonly owner: BodyMemory;

  constructor(bytes: Buffer, home: Region[], owner: BodyMemory) {
    this.bytes = bytes;
    this.home = home;
    this.owner = owner;
  }

  /** One holder less; each calls it once. */
  release(): void {
    this.holders -= 1;
    if (this.holders > 0) return;
    this.owner.taken -= 1;
    this.home.push(this);
  }
}
