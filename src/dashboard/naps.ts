/** Pauses that can be cut short all at once: to look again now, or to end. */
export class Naps {
  private readonly sleepers = new Set<() => void>();
  private ended = false;

  /** Pauses. @returns false when everything ends */
  nap(ms: number): Promise<boolean> {
    if (this.ended) return Promise.resolve(false);
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(wake);
        resolve(!this.ended);
      };
      const timer = setTimeout(wake, ms);
      this.sleepers.add(wake);
    });
  }

  /** Ends every pause now. */
  wake(): void {
    for (const sleeper of this.sleepers) sleeper();
  }

  /** Ends every pause, also those to come. */
  end(): void {
    this.ended = true;
    this.wake();
  }
}
