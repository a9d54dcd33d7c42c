import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { historyKey, verifyChain } from '../../src/rollout/history.ts';
import type { HistoryEntry } from '../../src/rollout/state.ts';
import { openSqliteReader, openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { SqliteStore } from '../../src/store/sqlite/store.ts';
import { until } from '../kit/until.ts';
import { startChild } from './kit/spawn.ts';
import { KEEP_ALL, temporaryFile } from './kit/temporary.ts';

const ROUNDS = 30;
const SEED = 20_260_314;
/** Each round kills after so many commits at the most, and so long after the last of them. */
const MOST_COMMITS = 12;
const LONGEST_MS = 15;

interface Found {
  readonly sequence: number;
  readonly history: HistoryEntry[];
  readonly keys: string[];
}

async function lookAt(store: SqliteStore): Promise<Found> {
  const state = await store.state.get('ctl/rollout');
  const { entries } = await store.state.list('hist/');
  const decoder = new TextDecoder();
  return {
    sequence: (JSON.parse(decoder.decode(state?.value)) as { sequence: number }).sequence,
    history: entries.map((entry) => JSON.parse(decoder.decode(entry.value)) as HistoryEntry),
    keys: entries.map((entry) => entry.key),
  };
}

test(
  `keeps every acknowledged phase change and its history through ${ROUNDS} kill -9 at random moments`,
  { timeout: 300_000 },
  async () => {
    const file = temporaryFile();
    const random = seededRandom(SEED);
    let acknowledged = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = startChild('phases', file);
      const commits = 1 + Math.floor(random.next() * MOST_COMMITS);
      await until(() => child.lines().length >= commits, `${commits} commits: ${child.stderr()}`, 30_000);
      await new Promise((resolve) => setTimeout(resolve, random.next() * LONGEST_MS));
      child.process.kill('SIGKILL');
      await child.ended;
      const printed = Number(child.lines().at(-1));
      expect(printed).toBeGreaterThan(acknowledged);
      acknowledged = printed;

      const store = round % 2 === 0 ? openSqliteReader(file) : openSqliteStore({ file, retention: KEEP_ALL });
      const { sequence, history, keys } = await lookAt(store);
      await store.close();
      expect(sequence).toBeGreaterThanOrEqual(acknowledged);
      expect(sequence).toBeLessThanOrEqual(acknowledged + 1);
      expect(history.at(-1)?.sequence).toBe(sequence);
      expect(keys).toEqual(Array.from({ length: sequence }, (_, index) => historyKey(index + 1)));
      expect(verifyChain(history)).toEqual({ intact: true, brokenAt: null });
      acknowledged = sequence;
    }
    expect(acknowledged).toBeGreaterThan(ROUNDS * 3);
  },
);
