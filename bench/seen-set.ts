import { monotonicMs } from '../src/core/clock.ts';
import { hash32 } from '../src/core/hash.ts';
import { SeenSet } from '../src/telemetry/seen-set.ts';

/**
 * What telling users apart costs: fills the set that the cohorts are counted with, and prints memory, time, and the users who were
 * taken for known ones. `node bench/seen-set.ts [USERS]`; exits 1 when more than one in a thousand was.
 */
const users = Number(process.argv[2] ?? 20_000_000);
const STEPS = 10;
const MIB = 1024 * 1024;

const set = new SeenSet();
const startedMs = monotonicMs();
for (let user = 0; user < users; user += 1) {
  const key = `user-${user}`;
  set.add(hash32(key, 1), hash32(key, 2));
  const done = user + 1;
  if (done % Math.ceil(users / STEPS) > 0 && done < users) continue;
  const missed = (100 * (done - set.size)) / done;
  const us = (1_000 * (monotonicMs() - startedMs)) / done;
  process.stdout.write(
    `${done} users: ${missed.toFixed(4)} % not counted, ${(set.bytes / MIB).toFixed(1)} MiB, ${us.toFixed(2)} us each\n`,
  );
}
process.exitCode = users - set.size > users / 1_000 ? 1 : 0;
