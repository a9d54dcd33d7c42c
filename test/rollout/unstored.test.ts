import { expect, test } from 'vitest';
import type { Unstored, UnstoredLog } from '../../src/rollout/unstored.ts';
import { advance, bypass, rollback, start, storedState } from './controller-kit.ts';
import { MemoryStore } from './memory-store.ts';

/** A disk that several processes see one after the other. */
class Disk implements UnstoredLog {
  kept: readonly Unstored[] = [];
  full = false;
  sheltered = 0;

  save(list: readonly Unstored[]): void {
    if (this.full) throw new Error('no space left');
    this.kept = JSON.parse(JSON.stringify(list)) as Unstored[];
  }

  load(): readonly Unstored[] {
    return this.kept;
  }

  fallBack(): boolean {
    this.sheltered += 1;
    return true;
  }
}

/** A node that was killed: its store is gone, and it says nothing any more. */
async function killed(node: Awaited<ReturnType<typeof start>>): Promise<void> {
  node.store.breaks('down');
  await node.controller.close();
}

test('takes a rollback and a bypass up again that a killed process could not store', async () => {
  const [memory, unstoredLog] = [new MemoryStore(), new Disk()];
  const first = await start(memory, { unstoredLog });
  await first.controller.apply({ ...advance, to: { phase: 'enforce' } });
  first.store.breaks('down');
  const answer = await first.controller.apply({ ...rollback, to: { phase: 'shadow' } });
  expect(answer).toMatchObject({ ok: true, stored: false, survivesRestart: true, warnings: [] });
  expect(unstoredLog.kept).toHaveLength(1);
  await first.controller.apply(bypass);
  await killed(first);
  const second = await start(memory, { unstoredLog, build: '2' });
  expect(second.controller.state).toMatchObject({ phase: 'shadow', bypass: true, build: '2' });
  expect(storedState(memory)).toEqual(second.controller.state);
  expect(await second.controller.history(9)).toMatchObject({ total: 5, intact: true });
  expect(unstoredLog.kept).toEqual([]);
});

test('does not repeat a kept decision that the store has taken, however far others went since', async () => {
  const [memory, unstoredLog] = [new MemoryStore(), new Disk()];
  const first = await start(memory, { unstoredLog });
  await first.controller.apply({ ...advance, to: { phase: 'enforce' } });
  first.store.breaks('down');
  await first.controller.apply({ ...rollback, to: { phase: 'canary' } });
  const { kept } = unstoredLog;
  first.store.breaks('none');
  await first.controller.tick();
  await first.controller.apply({ ...advance, to: { phase: 'enforce' } });
  await first.controller.close();
  unstoredLog.kept = kept;
  const second = await start(memory, { unstoredLog });
  expect(second.controller.state).toMatchObject({ phase: 'enforce', sequence: 4 });
  expect(unstoredLog.kept).toEqual([]);
});

test('says what a restart would make of a decision that no disk takes', async () => {
  const [memory, unstoredLog] = [new MemoryStore(), new Disk()];
  unstoredLog.full = true;
  const sheltered = await start(memory, { unstoredLog });
  await sheltered.controller.apply(advance);
  sheltered.store.breaks('down');
  const answer = await sheltered.controller.apply(rollback);
  expect(answer).toMatchObject({ ok: true, stored: false, survivesRestart: true });
  expect(answer.ok && answer.warnings.join()).toContain('the kill switch was thrown');
  expect(unstoredLog.sheltered).toBe(1);
  unstoredLog.full = false;
  await sheltered.controller.tick();
  expect(unstoredLog.kept).toHaveLength(1);
  const bare = await start(new MemoryStore());
  await bare.controller.apply(advance);
  bare.store.breaks('down');
  expect(await bare.controller.apply(rollback)).toMatchObject({ stored: false, survivesRestart: false });
  expect(bare.log.join()).toContain('a restart would forget it');
});

test('names what it leaves unstored when it is closed', async () => {
  const { controller, store, log } = await start(new MemoryStore(), { unstoredLog: new Disk() });
  await controller.apply(advance);
  store.breaks('down');
  await controller.apply(rollback);
  await controller.close();
  expect(log.at(-1)).toBe(
    'the rollback of ana (entry 3) is in effect and was not stored: the next start takes it up',
  );
});
