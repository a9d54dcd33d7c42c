import type { Fault } from './schema-faults.ts';
import type { EmbeddedUpstream } from './upstream.ts';

/** Hears when a fault begins and ends. */
export type FaultListener = (fault: Fault, on: boolean) => void;

/** Lets faults begin and end at their time. */
export class FaultClock {
  private readonly upstreams: ReadonlyMap<string, EmbeddedUpstream>;
  private readonly listener: FaultListener;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(upstreams: ReadonlyMap<string, EmbeddedUpstream>, listener: FaultListener) {
    this.upstreams = upstreams;
    this.listener = listener;
  }

  /**
   * Times count from now.
   * @param first the number of the first fault: the same in every run, as it decides whom a fault hits
   */
  plan(faults: readonly Fault[], first: number): void {
    for (const [index, fault] of faults.entries()) {
      const number = first + index;
      this.after(fault.at, () => this.start(number, fault));
      if (fault.for !== undefined) this.after(fault.at + fault.for, () => this.end(number, fault));
    }
  }

  /** Nothing begins or ends any more. */
  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private start(number: number, fault: Fault): void {
    this.upstreams.get(fault.target)?.start({ number, fault });
    this.listener(fault, true);
  }

  private end(number: number, fault: Fault): void {
    this.upstreams.get(fault.target)?.end(number);
    this.listener(fault, false);
  }

  private after(ms: number, act: () => void): void {
    if (ms === 0) return act();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }
}
