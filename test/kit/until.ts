import { monotonicMs } from '../../src/core/clock.ts';

/**
 * Waits until a condition holds: the tests' only way to wait.
 * @param condition polled; a truthy value ends the wait and is returned
 * @param what the promise that is waited for, named in the error
 * @throws after `timeoutMs` milliseconds
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  what = 'the condition',
  timeoutMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = monotonicMs() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== undefined && value !== false) return value;
    if (monotonicMs() > deadline) throw new Error(`gave up after ${timeoutMs} ms waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
