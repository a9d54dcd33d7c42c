import { onTestFinished } from 'vitest';
import { upstream } from './upstream.ts';
import type { Upstream, UpstreamBuilder } from './upstream.ts';

/** One service behind each lane; both end with the test. */
export async function lanes(
  legacy: UpstreamBuilder = upstream().json({ from: 'legacy' }),
  candidate: UpstreamBuilder = upstream().json({ from: 'candidate' }),
): Promise<{ readonly legacy: Upstream; readonly candidate: Upstream }> {
  const started = { legacy: await legacy.start(), candidate: await candidate.start() };
  onTestFinished(async () => {
    await started.legacy.stop();
    await started.candidate.stop();
  });
  return started;
}
