import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { appliedSchema } from '../../src/control/schema/commands.ts';
import type { AppliedAnswer } from '../../src/control/schema/commands.ts';
import { configurationVersionSchema } from '../../src/control/schema/configuration-version.ts';
import type { ConfigurationVersion } from '../../src/control/schema/configuration-version.ts';
import { historySchema } from '../../src/control/schema/history.ts';
import type { History } from '../../src/control/schema/history.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { cli } from '../cli/kit.ts';
import { until } from '../kit/until.ts';
import { NodeFolder } from './kit/nodes.ts';
import type { NodeProcess } from './kit/nodes.ts';

const TIMEOUT = { timeout: 60_000 };
const by = { who: 'test', reason: 'a test' };
let place: NodeFolder;

async function start(patch: Record<string, unknown> = {}): Promise<NodeProcess> {
  place = await new NodeFolder().configure(patch);
  return await place.start();
}

afterEach(() => place.remove());

async function history(): Promise<History> {
  return historySchema.parse(await place.read('/v1/history'));
}

async function version(entry: number): Promise<ConfigurationVersion> {
  return configurationVersionSchema.parse(await place.read(`/v1/configurations/${entry}`));
}

async function reload(body: object = {}): Promise<AppliedAnswer> {
  const { status, text } = await place.command('/v1/reload', { ...by, ...body });
  expect({ status, text }).toMatchObject({ status: 200 });
  return appliedSchema.parse(JSON.parse(text));
}

/** A command line over the configuration of the place. */
const run = (words: readonly string[]) => cli([...words, '-c', place.configFile]);

const sample = (share: string) => ({ rollout: { window: '1s', shadow: { sample: share } } });

/** Every way in which a configuration arrives, as somebody would use it. */
const WAYS: Record<string, (node: NodeProcess) => Promise<void>> = {
  'the signal SIGHUP': async (node) => {
    await place.configure(sample('77%'));
    node.child.kill('SIGHUP');
  },
  'cutover reload': async () => {
    await place.configure(sample('77%'));
    expect(await run(['reload', '--reason', 'by hand'])).toMatchObject({ exitCode: 0 });
  },
  'the admin API reading the file': async () => {
    await place.configure(sample('77%'));
    await reload();
  },
  'the admin API with the text': async () => {
    const text = JSON.stringify({
      ...(JSON.parse(readFileSync(place.configFile, 'utf8')) as object),
      ...sample('77%'),
    });
    const { warnings } = await reload({ text });
    expect(warnings.join()).toContain('the next reload or start takes what stands there');
  },
  'the watched file': async () => {
    const next = `${place.configFile}.next`;
    writeFileSync(
      next,
      JSON.stringify({ ...(JSON.parse(readFileSync(place.configFile, 'utf8')) as object), ...sample('77%') }),
    );
    renameSync(next, place.configFile);
  },
};

for (const [way, push] of Object.entries(WAYS)) {
  test(
    `a configuration by ${way} is in force on every worker, in a new epoch, and its keys are told`,
    TIMEOUT,
    async () => {
      const node = await start({ ...sample('50%'), watch: way === 'the watched file' });
      const before = await place.status();
      await push(node);
      await until(async () => (await place.status()).rollout.epoch > before.rollout.epoch, 'the new epoch');
      await until(async () => (await place.status()).snapshot.inEffect, 'every worker');
      const after = await place.status();
      expect(after.snapshot.configHash).not.toBe(before.snapshot.configHash);
      const { entries, configurations, intact } = await history();
      const last = entries.at(-1);
      expect([intact, last?.verb, last?.epoch]).toEqual([true, 'reload', after.rollout.epoch]);
      expect(configurations.at(-1)).toMatchObject({
        sequence: last?.sequence,
        hash: after.snapshot.configHash,
        changes: [{ key: 'rollout.shadow.sample', from: '50%', to: '77%' }],
        kept: true,
      });
    },
  );

  test(`a bad configuration by ${way} changes nothing at all`, TIMEOUT, async () => {
    const node = await start({ ...sample('50%'), watch: way === 'the watched file' });
    const before = await place.status();
    await place.configure({ rollout: { window: '1s', shadow: { sample: 'lots' } } });
    if (way === 'the signal SIGHUP') node.child.kill('SIGHUP');
    else if (way === 'cutover reload') expect((await run(['reload'])).err).toContain('rollout.shadow.sample');
    else if (way !== 'the watched file') {
      const text = way.endsWith('text') ? { text: readFileSync(place.configFile, 'utf8') } : {};
      const refused = await place.command('/v1/reload', { ...by, ...text });
      expect(refused).toMatchObject({ status: 400 });
      expect(refused.text).toContain('CONFIG_INVALID');
    }
    await until(() => node.log().includes('rollout.shadow.sample'), 'the place of the mistake');
    expect((await place.status()).snapshot).toEqual(before.snapshot);
    expect((await history()).total).toBe(1);
  });
}

test(
  'an earlier configuration is put into force again by its entry, in an epoch of its own',
  TIMEOUT,
  async () => {
    await start(sample('50%'));
    const first = await place.status();
    await place.configure(sample('60%'));
    await reload();
    await place.configure(sample('70%'));
    await reload();
    const { exitCode, out } = await run(['reload', '--entry', '1', '--reason', 'back to what worked']);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('is as it was')]);
    const after = await place.status();
    expect(after.snapshot.configHash).toBe(first.snapshot.configHash);
    expect(after.rollout.epoch).toBe(first.rollout.epoch + 3);
    expect((await history()).configurations.at(-1)?.changes).toEqual([
      { key: 'rollout.shadow.sample', from: '70%', to: '50%' },
    ]);
    expect(readFileSync(place.configFile, 'utf8')).toContain('70%');
    expect(await reload()).toMatchObject({ changed: true, rollout: { epoch: after.rollout.epoch + 1 } });
  },
);

test(
  'what is known of configurations survives a restart, and a start tells what changed meanwhile',
  TIMEOUT,
  async () => {
    const node = await start(sample('50%'));
    node.child.kill('SIGTERM');
    await node.exited;
    await place.configure(sample('90%'));
    const again = await place.start();
    const changes = [{ key: 'rollout.shadow.sample', from: '50%', to: '90%' }];
    expect((await history()).configurations.at(-1)).toMatchObject({ sequence: 2, changes });
    again.child.kill('SIGTERM');
    await again.exited;
    const offline = await run(['history']);
    expect(offline.out).toContain('#2  rollout.shadow.sample: 50% -> 90%');
    const file = await run(['history', '--configuration', '1']);
    expect(file.out).toMatch(/^# configuration of entry 1 of the history\n/);
    expect(file.out).toContain('50%');
  },
);

test(
  'a text with a secret is not kept and not told, and its entry is refused with a way out',
  TIMEOUT,
  async () => {
    await start(sample('50%'));
    const secret = { shadow: { sample: '50%', setHeaders: { 'x-key': 'f8Kq29ZmLw03XhTq7Rb1' } } };
    await place.configure({ rollout: { window: '1s', ...secret } });
    await reload();
    expect(await version(2)).toMatchObject({ text: null });
    expect(JSON.stringify([await history(), await version(2)])).not.toContain('f8Kq29');
    const refused = await run(['reload', '--entry', '2']);
    expect([refused.exitCode, refused.err]).toEqual([2, expect.stringContaining('looks like a secret')]);
    const absent = await run(['reload', '--entry', '77']);
    expect([absent.exitCode, absent.err]).toEqual([
      2,
      expect.stringContaining('no configuration is kept of entry 77'),
    ]);
  },
);

test('as many configurations are kept as the limit says, the newest ones', TIMEOUT, async () => {
  await start(sample('50%'));
  const rounds = LIMITS.configVersions + 3;
  for (let round = 1; round <= rounds; round += 1) {
    await place.configure(sample(`${(round % 90) + 1}%`));
    await reload();
  }
  const { configurations } = historySchema.parse(await place.read('/v1/history?limit=1000'));
  expect(configurations.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: LIMITS.configVersions }, (_, index) => rounds + 2 - LIMITS.configVersions + index),
  );
});
