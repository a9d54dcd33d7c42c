// HOT: asked once per new connection, never per request.
import { failure } from '../../core/errors.ts';
import type { FailureCode } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EjectionPolicy } from '../../core/snapshot.ts';
import type { ConnectGate } from '../../wire/types.ts';
import { Breaker } from './breaker.ts';

/**
 * The circuit of a server that has no other beside it. It breaks when so many connections in a row came to nothing
 * by silence (`EjectionPolicy.failures`): then none is tried for a moment, and calls that find no connection fail at
 * once instead of waiting for a timeout each. After it one connection is tried; it closes the circuit or opens it for
 * twice as long, within `LIMITS.circuitMaxTimeMs`.
 *
 * Only silence counts. A refused connection is answered at once anyway, and to wait after it would make every restart
 * of the server longer than it is. What an application answers, or how long it thinks, is for the client to see: there
 * is nobody else who could be asked. Connections that stand are used whatever the circuit says.
 */
export class ConnectCircuit implements ConnectGate {
  /** Several servers have ejections instead. */
  isAlone = false;
  private readonly breaker: Breaker;
  private readonly clock: () => number;
  private readonly opened: () => void;

  /** @param clock monotonic milliseconds; @param opened is called each time it breaks */
  constructor(policy: EjectionPolicy, clock: () => number, opened: () => void) {
    const maxTimeMs = Math.min(policy.maxTimeMs, LIMITS.circuitMaxTimeMs);
    const timeMs = Math.min(policy.timeMs, maxTimeMs);
    this.breaker = new Breaker({ ...policy, share: Number.POSITIVE_INFINITY, timeMs, maxTimeMs });
    this.clock = clock;
    this.opened = opened;
  }

  get state(): Breaker['state'] {
    return this.isAlone ? this.breaker.state : 'closed';
  }

  /** How often it broke. */
  get openings(): number {
    return this.breaker.openings;
  }

  get isShut(): boolean {
    return this.state !== 'closed';
  }

  leave(): 'yes' | 'probe' | 'no' {
    if (!this.isShut) return 'yes';
    if (!this.breaker.isDue(this.clock(), true)) return 'no';
    this.breaker.probe();
    return 'probe';
  }

  reached(): void {
    if (this.breaker.state === 'closed') this.breaker.succeeded();
    else this.breaker.close(this.clock());
  }

  unreached(code: FailureCode, isProbe: boolean): void {
    if (!this.isAlone) return;
    if (code === 'connect_timeout') this.silent(isProbe);
    else if (failure(code).blame === 'lane') this.reached();
    else if (isProbe) this.released();
  }

  private silent(isProbe: boolean): void {
    const { breaker } = this;
    const nowMs = this.clock();
    // Connections that were begun before it broke say nothing new.
    if (breaker.state !== 'closed' && !isProbe) return;
    if (!isProbe && !breaker.failed(false, nowMs)) return;
    breaker.open(true, nowMs);
    if (this.isAlone) this.opened();
  }

  released(): void {
    if (this.breaker.state === 'half-open') this.breaker.release();
  }
}
