import { LIMITS } from '../core/limits.ts';

/** The path of the class that stands for further places of one kind at one endpoint. */
export const OTHER_PLACES = '{other}';

/** The endpoint and path of what one worker counts beyond `LIMITS.classesPerDelta`. */
export const OTHER = 'other';

/**
 * Whether a class stands for many places: its pairs are counted once each, but it is no one question that triples could
 * answer, so it has no verdict.
 */
export function isManyPlaces({
  endpoint,
  path,
}: {
  readonly endpoint: string;
  readonly path: string;
}): boolean {
  return path === OTHER_PLACES || endpoint === OTHER;
}

interface Share {
  all: number;
  readonly kinds: Map<string, number>;
}

/** How many classes each endpoint has, and each kind there: who comes too late has no class of its own. */
export class ClassShares {
  private readonly endpoints = new Map<string, Share>();

  /** Takes a place for a new class; false when the share of its endpoint, or of its kind there, is used up. */
  take(endpoint: string, kind: string): boolean {
    let share = this.endpoints.get(endpoint);
    if (share === undefined) {
      share = { all: 0, kinds: new Map() };
      this.endpoints.set(endpoint, share);
    }
    const alike = share.kinds.get(kind) ?? 0;
    if (share.all >= LIMITS.classesPerEndpoint || alike >= LIMITS.classesPerEndpointKind) return false;
    share.all += 1;
    share.kinds.set(kind, alike + 1);
    return true;
  }

  clear(): void {
    this.endpoints.clear();
  }
}
