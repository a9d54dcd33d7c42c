// HOT: one entry per request that cannot be paired, found again in place; nothing is allocated once it is made.
import { LIMITS } from '../core/limits.ts';
import type { CohortDelta, CohortScope, MethodClass } from './cohort-types.ts';

/** Words of one entry: high and low half of the user's hash, and what is known of them. */
export const ENTRY_WORDS = 3;

/** Of the third word: its scope above, then the cohort, then whether an answer was bad. */
export const SCOPE_SHIFT = 2;
export const OF_CANDIDATE = 2;
export const WAS_BAD = 1;

/** Twice the entries and a power of two: a free slot is near. */
const SLOTS = 2 ** Math.ceil(Math.log2(LIMITS.cohortUsersPerDelta * 2));

/** The users of both cohorts that one worker saw since its last delta: each once for each scope, however busy. */
export class CohortBuffer {
  private readonly entries = new Uint32Array(LIMITS.cohortUsersPerDelta * ENTRY_WORDS);
  /** Position of an entry plus one; 0 is free. */
  private readonly slots = new Uint16Array(SLOTS);
  private count = 0;
  private lost = 0;
  private scopes: CohortScope[] = [];
  /** By region, then route: the first of its two scopes, reads before writes. */
  private readonly byRegion = new Map<string, Map<string, number>>();

  /** Where a request belongs, or -1 when there are too many such places. */
  scopeOf(region: string, route: string, methods: MethodClass): number {
    const first = this.byRegion.get(region)?.get(route) ?? this.addScopes(region, route);
    return first < 0 ? first : first + Number(methods === 'write');
  }

  private addScopes(region: string, route: string): number {
    if (this.scopes.length + 2 > LIMITS.cohortScopes) return -1;
    const routes = this.byRegion.get(region) ?? new Map<string, number>();
    this.byRegion.set(region, routes);
    const first = this.scopes.length;
    routes.set(route, first);
    this.scopes.push({ region, route, methods: 'read' }, { region, route, methods: 'write' });
    return first;
  }

  /** Notes one answer. @param high @param low hash of the user @param about cohort and whether it was bad, as bits */
  note(high: number, low: number, scope: number, about: number): void {
    if (scope < 0) {
      this.lost += 1;
      return;
    }
    const { entries, slots } = this;
    const whose = ((scope << SCOPE_SHIFT) | about) & ~WAS_BAD;
    let slot = (low ^ Math.imul(scope + 1, 0x9e3779b1)) & (SLOTS - 1);
    for (let at = slots[slot] as number; at !== 0; at = slots[slot] as number) {
      const entry = (at - 1) * ENTRY_WORDS;
      const known = entries[entry + 2] as number;
      if (entries[entry] === high && entries[entry + 1] === low && (known & ~WAS_BAD) === whose) {
        entries[entry + 2] = known | about;
        return;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.append(slot, high, low, (scope << SCOPE_SHIFT) | about);
  }

  private append(slot: number, high: number, low: number, known: number): void {
    if (this.count === LIMITS.cohortUsersPerDelta) {
      this.lost += 1;
      return;
    }
    const entry = this.count * ENTRY_WORDS;
    this.entries[entry] = high;
    this.entries[entry + 1] = low;
    this.entries[entry + 2] = known;
    this.count += 1;
    this.slots[slot] = this.count;
  }

  /** What was noted since the previous call, or undefined for nothing. */
  take(): CohortDelta | undefined {
    if (this.count === 0 && this.lost === 0) return undefined;
    const entries = this.entries.slice(0, this.count * ENTRY_WORDS);
    const taken = { scopes: [...this.scopes], entries, lost: this.lost };
    if (this.count > 0) this.slots.fill(0);
    this.count = 0;
    this.lost = 0;
    return taken;
  }
}
