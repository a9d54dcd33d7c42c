import { bench, do_not_optimize, summary } from 'mitata';
import { hash32 } from '../../src/core/hash.ts';
import { CohortBuffer } from '../../src/telemetry/cohort-buffer.ts';

/** Writes of one worker in a second, by users some of whom come back. */
const CALLS = 5_000;
const USERS = Array.from({ length: CALLS }, (_, call) => `5f1c0a9be0e94d6f8a4c${(call * 7_919) % 3_001}`);

/** Noting the users of one second, and taking them, beside a Map of their keys. */
export function cohort(): void {
  const buffer = new CohortBuffer();
  summary(() => {
    bench('users of 5,000 writes: typed arrays', () => {
      for (const user of USERS) {
        const scope = buffer.scopeOf('eu-west', 'orders', 'write');
        buffer.note(hash32(user, 1), hash32(user, 2), scope, 2);
      }
      do_not_optimize(buffer.take());
    }).baseline(true);
    bench('users of 5,000 writes: a Map of keys', () => {
      const users = new Map<string, number>();
      for (const user of USERS) {
        const key = `eu-west\norders\nwrite\n${hash32(user, 1)} ${hash32(user, 2)}`;
        users.set(key, (users.get(key) ?? 0) | 2);
      }
      do_not_optimize([...users]);
    });
  });
}
