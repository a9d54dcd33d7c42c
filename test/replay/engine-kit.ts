import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { CaptureFile } from '../../src/replay/capture/file.ts';
import { Replay } from '../../src/replay/replay.ts';
import type { ReplayOptions, ReplayResult } from '../../src/replay/replay.ts';
import { REPLAY_OUTCOMES, SKIPPED } from '../../src/replay/result.ts';
import type { ReplayCounts } from '../../src/replay/result.ts';
import type { Upstream, UpstreamBuilder } from '../kit/upstream.ts';

/** A file of the test, removed after it. */
export function scratch(name: string, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-replay-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** Starts an upstream for the length of the test. */
export async function started(builder: UpstreamBuilder): Promise<Upstream> {
  const upstream = await builder.start();
  onTestFinished(() => upstream.stop());
  return upstream;
}

interface Lanes {
  readonly legacy: Upstream;
  readonly candidate: Upstream;
}

/** Replays a file as fast as its lanes answer. */
export async function replayed(
  file: string,
  { legacy, candidate }: Lanes,
  part: Partial<ReplayOptions> = {},
): Promise<ReplayResult> {
  const server = ({ port }: Upstream) => ({ scheme: 'http', host: '127.0.0.1', port }) as const;
  const result = await new Replay({
    capture: new CaptureFile(file, null),
    legacy: server(legacy),
    candidate: server(candidate),
    policy: { writes: false, fallbackHost: 'shop.example', host: null, seed: 7 },
    rules: [],
    router: null,
    sessionBy: { kind: 'auto' },
    pace: { kind: 'unpaced' },
    concurrency: 16,
    timeoutMs: 5_000,
    limit: null,
    resume: null,
    signal: new AbortController().signal,
    log: () => {},
    ...part,
  }).run();
  expectExact(result.tally.counts);
  return result;
}

/** The accounting of every replay, whatever its lanes did. */
export function expectExact(counts: ReplayCounts): void {
  const sum = (names: readonly string[], from: Readonly<Record<string, number>>): number =>
    names.reduce((total, name) => total + (from[name] ?? Number.NaN), 0);
  expect(counts.read).toBe(counts.sent + sum(SKIPPED, counts.skipped));
  expect(counts.sent).toBe(sum(REPLAY_OUTCOMES, counts.outcomes));
}
