import type { ComparedAnswer } from './compare.ts';

/** What is known of a body over the limit: it was hashed while it streamed by. */
export interface Unkept {
  readonly bytes: number;
  /** SHA-256 as hex; null when it was too long even for that. */
  readonly hash: string | null;
}

/** Whether all bytes of a body were captured. */
export function isKept(answer: ComparedAnswer): boolean {
  return answer.body.byteLength === answer.bodyBytes;
}

/** Whether two bodies are the same by length and hash; of a body without a hash nothing can be said. */
export function hasSameHash(legacy: ComparedAnswer, candidate: ComparedAnswer): boolean {
  if (legacy.bodyHash == null || candidate.bodyHash == null) return false;
  return legacy.bodyHash === candidate.bodyHash && legacy.bodyBytes === candidate.bodyBytes;
}
