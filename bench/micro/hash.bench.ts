import { createHash } from 'node:crypto';
import { bench, do_not_optimize, summary } from 'mitata';
import { stickyPosition } from '../../src/core/hash.ts';

const IDS = Array.from({ length: 1_024 }, (_, index) => `5f1c0a9be0e94d6f8a4c7d1e2b3a${1_000 + index}`);

/** The position of a user id in a share. */
export function hash(): void {
  let at = 0;
  const next = () => IDS[(at = (at + 1) % IDS.length)] ?? '';
  summary(() => {
    bench('position of an id: FNV-1a', () => {
      do_not_optimize(stickyPosition(1, next()));
    }).baseline(true);
    bench('position of an id: four bytes of a SHA-256', () => {
      do_not_optimize(createHash('sha256').update(next()).digest().readUInt32BE(0) / 4_294_967_296);
    });
  });
}
