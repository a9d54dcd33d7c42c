import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { adminTokenFile, ensureAdminToken, readAdminToken } from '../../src/control/admin-token.ts';

let runDir: string;

beforeEach(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'cutover-token-'));
});

afterEach(async () => {
  await rm(runDir, { recursive: true, force: true });
});

async function modeOf(file: string): Promise<string> {
  return ((await stat(file)).mode & 0o777).toString(8);
}

test('makes a token that only its owner can read, and keeps it', async () => {
  const token = await ensureAdminToken(runDir);
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(await modeOf(adminTokenFile(runDir))).toBe('600');
  expect(await ensureAdminToken(runDir)).toBe(token);
  expect(await readAdminToken(runDir)).toBe(token);
});

test('replaces a token that others could read', async () => {
  const token = await ensureAdminToken(runDir);
  await chmod(adminTokenFile(runDir), 0o644);
  await expect(readAdminToken(runDir)).rejects.toMatchObject({ code: 'NO_TOKEN', exitCode: 5 });
  expect(await ensureAdminToken(runDir)).not.toBe(token);
  expect(await modeOf(adminTokenFile(runDir))).toBe('600');
});

test('replaces a link and what is no token, and leaves the target of the link alone', async () => {
  const target = join(runDir, 'target');
  await writeFile(target, `${'e'.repeat(64)}\n`, { mode: 0o600 });
  await symlink(target, adminTokenFile(runDir));
  expect(await ensureAdminToken(runDir)).not.toBe('e'.repeat(64));
  expect(await readFile(target, 'utf8')).toBe(`${'e'.repeat(64)}\n`);
  await writeFile(adminTokenFile(runDir), 'short');
  expect(await ensureAdminToken(runDir)).toMatch(/^[0-9a-f]{64}$/);
});

test('says what to do when there is no token', async () => {
  await expect(readAdminToken(runDir)).rejects.toMatchObject({
    exitCode: 6,
    hint: 'start the gateway: cutover run',
  });
  await expect(ensureAdminToken(join(runDir, 'missing'))).rejects.toMatchObject({ code: 'RUN_DIR' });
});
