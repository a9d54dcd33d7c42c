// HOT: a ring; push and shift move one index.

/** A first-in first-out queue that refuses instead of growing. */
export class BoundedQueue<T> {
  private readonly ring: (T | undefined)[];
  private head = 0;
  private count = 0;

  /** @param capacity items at the most */
  constructor(capacity: number) {
    this.ring = Array.from<T | undefined>({ length: capacity });
  }

  get length(): number {
    return this.count;
  }

  /** False, and nothing changes, when the queue is full. */
  push(item: T): boolean {
    if (this.count === this.ring.length) return false;
    this.ring[(this.head + this.count) % this.ring.length] = item;
    this.count += 1;
    return true;
  }

  /** The oldest item, which stays, or undefined. */
  peek(): T | undefined {
    return this.count === 0 ? undefined : this.ring[this.head];
  }

  /** The oldest item, or undefined. */
  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const item = this.ring[this.head];
    this.ring[this.head] = undefined;
    this.head = (this.head + 1) % this.ring.length;
    this.count -= 1;
    return item;
  }
}
