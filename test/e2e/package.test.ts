import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { REPOSITORY } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

/** The package as it is published: compiled, without sources. */
function builtPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-package-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  const config = join(REPOSITORY, 'tsconfig.build.json');
  execFileSync(process.execPath, [compiler, '-p', config, '--outDir', join(folder, 'dist')]);
  for (const part of ['bin', 'package.json']) {
    cpSync(join(REPOSITORY, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'bin/cutover.js');
}

test('the compiled package serves, copies and compares without its sources', async () => {
  const legacy = await upstream().json({ total: 10 }).start();
  const candidate = await upstream().json({ total: 11 }).start();
  const program = builtPackage();
  expect(existsSync(join(program, '../../src'))).toBe(false);
  const running = await gateway()
    .built(program)
    .legacy(legacy)
    .candidate(candidate)
    .config({ rollout: { shadow: { sample: '100%' } } })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  expect((await fetchOnce(running.url)).body.toString()).toBe('{"total":10}');
  const status = await until(async () => {
    const now = await running.status();
    return now.classes > 0 ? now : null;
  }, 'the difference to be found');
  expect(status.pairs.shadow.accounting).toMatchObject({ sent: 1, compared: 1 });
}, 60_000);
