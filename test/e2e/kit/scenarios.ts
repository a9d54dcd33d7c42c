import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { rehearsalSchema } from '../../../src/scenario/result-schema.ts';
import type { RehearsalResult } from '../../../src/scenario/result-schema.ts';
import { scenarioSchema } from '../../../src/scenario/schema.ts';
import type { Scenario } from '../../../src/scenario/schema.ts';
import { nginxOrSkip } from '../../kit/nginx.ts';
import { startChild } from '../../kit/process.ts';
import { REPOSITORY } from '../../kit/shared-data.ts';
import { read } from '../../tidy/files.ts';

/** Of one rehearsal, on a machine that does other things too. */
export const TIMEOUT_MS = 180_000;

export const names: readonly string[] = readdirSync(join(REPOSITORY, 'scenarios'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => basename(file, '.yaml'));

const scenarioOf = (name: string): Scenario => scenarioSchema.parse(parse(read(`scenarios/${name}.yaml`)));

/** An upstream that is nothing without a real NGINX. */
const needsNginx = (name: string): boolean =>
  Object.values(scenarioOf(name).upstreams).some(
    ({ answers, indexer }) => (answers ?? indexer) === undefined,
  );

/** Runs a verb that prints a rehearsal, in an empty folder. */
export async function rehearsed(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | string; result: RehearsalResult }> {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-scenarios-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(REPOSITORY, 'bin/cutover.js');
  const options = { cwd: folder, env: { TMPDIR: folder, ...env } };
  const child = await startChild(process.execPath, [program, ...args, '--json'], options);
  onTestFinished(() => child.stop());
  const code = await child.exited;
  expect([child.stdout().trimEnd().split('\n').length, readdirSync(folder)], child.stderr()).toEqual([1, []]);
  return { code, result: rehearsalSchema.parse(JSON.parse(child.stdout())) };
}

/** What did not come out as it should, with what the last gates said. */
export function failed({ expectations, exits, ended }: RehearsalResult): object {
  return {
    ended,
    promises: expectations.filter(({ ok }) => !ok),
    exits: exits.filter(({ ok }) => !ok),
  };
}

export const NOTHING = { promises: [], exits: [] };

/** Promises that these rehearsals come out as they say themselves. */
export function promise(some: readonly string[]): void {
  for (const name of some) {
    test.skipIf(needsNginx(name) && !nginxOrSkip())(
      `scenario ${name} comes out as it promises`,
      async () => {
        const { code, result } = await rehearsed(['rehearse', join(REPOSITORY, `scenarios/${name}.yaml`)]);
        expect(failed(result)).toEqual({ ...NOTHING, ended: 'actions' });
        expect({ code, ok: result.ok, scenario: result.scenario }).toEqual({
          code: 0,
          ok: true,
          scenario: name,
        });
      },
      TIMEOUT_MS,
    );
  }
}
