import { expect, test } from 'vitest';
import { AT_ONCE } from '../kit/chaos-idle.ts';
import { measureIdle } from '../soak/idle.ts';

const IDLE_MS = 12_000;
/** Measured: 6 KiB, of which the socket's objects of Node are most; kernel buffers come on top. */
const MOST_BYTES_EACH = 16 * 1024;

// The short form; `npm run soak` has the full one, with 10,000 connections.
test('2,000 idle connections cost little, hinder nobody, and are closed after their idle time', async () => {
  const figures = await measureIdle(2_000, IDLE_MS);
  expect(figures.errors).toEqual([]);
  expect(figures.bytesEach).toBeLessThan(MOST_BYTES_EACH);
  expect(figures.closedAfterMs).toBeLessThan(IDLE_MS + 8_000);
  expect(figures.p99Ms).toBeLessThan(500);
  expect(figures.descriptorsLeft).toBeLessThanOrEqual(AT_ONCE);
  expect(figures.secondShare).toBeLessThan(3);
}, 120_000);
