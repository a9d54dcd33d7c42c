import { LIMITS } from '../../core/limits.ts';
import type { Guard, Op } from '../../rollout/ports.ts';

/**
 * What every driver can hold: an engine behind a network refuses the same.
 * @throws RangeError naming the limit; the caller has a defect
 */
export function checkCommit(guards: readonly Guard[], ops: readonly Op[], id: string): void {
  checkName('commit id', id);
  if (ops.length === 0) throw new RangeError(`commit ${id} has no operation`);
  if (ops.length > LIMITS.storeCommitItems || guards.length > LIMITS.storeCommitItems) {
    throw new RangeError(`commit ${id}: at most ${LIMITS.storeCommitItems} guards and as many operations`);
  }
  const keys = ops.map((op) => ('put' in op ? op.put : op.del));
  if (new Set(keys).size < keys.length) throw new RangeError(`commit ${id} has two operations on one key`);
  for (const key of keys) checkName('key', key);
  for (const op of ops) if ('put' in op) checkPut(op);
}

/** @throws RangeError naming the limit */
export function checkLease(name: string, holder: string, ttlMs: number): void {
  checkName('lease name', name);
  checkName('holder', holder);
  checkTtl(ttlMs);
}

/** @throws RangeError naming the limit */
export function checkNewest(limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 0 && limit <= LIMITS.storeNewestWindows) return;
  throw new RangeError(`${limit} windows cannot be read at once, 0 to ${LIMITS.storeNewestWindows} can`);
}

function checkPut(op: Extract<Op, { put: string }>): void {
  if (op.value.length > LIMITS.storeValueBytes) {
    throw new RangeError(
      `the value of ${op.put} has ${op.value.length} bytes, ${LIMITS.storeValueBytes} are allowed`,
    );
  }
  if (op.ttlMs !== undefined) checkTtl(op.ttlMs);
}

function checkName(what: string, text: string): void {
  if (text.length > 0 && text.length <= LIMITS.storeKeyChars) return;
  throw new RangeError(`a ${what} has 1 to ${LIMITS.storeKeyChars} characters, not ${text.length}`);
}

function checkTtl(ttlMs: number): void {
  if (Number.isSafeInteger(ttlMs) && ttlMs > 0) return;
  throw new RangeError(`a time to live is a positive whole number of milliseconds, not ${ttlMs}`);
}
