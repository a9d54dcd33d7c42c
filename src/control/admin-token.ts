import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';
import { randomHex } from '../core/random.ts';
import { writeFileAtomic } from './run-dir.ts';

const TOKEN_BYTES = 32;
const TOKEN = /^[0-9a-f]{64}$/;
const FILE = 'admin.token';

/** Where the token of a run directory is. */
export function adminTokenFile(runDir: string): string {
  return join(runDir, FILE);
}

/**
 * The token of the admin API: the one of an earlier start, or a new one in a file that only its owner can read.
 * A file that others could read, that is a link, or of somebody else, or that holds
 * something else is replaced.
 * @throws CutoverError RUN_DIR when it can be neither read nor made
 */
export async function ensureAdminToken(runDir: string): Promise<string> {
  const file = adminTokenFile(runDir);
  const known = await readTrusted(file).catch(() => null);
  if (known !== null && known.owner === process.geteuid?.()) return known.token;
  const token = randomHex(TOKEN_BYTES);
  try {
    await rm(file, { force: true });
    writeFileAtomic(file, `${token}\n`);
  } catch (error) {
    throw new CutoverError('RUN_DIR', `${file} cannot be written: ${messageOf(error)}`, {
      hint: 'make the run directory writable, or set another one: runDir: /path/to/run',
      cause: error,
    });
  }
  return token;
}

/**
 * The token as a client finds it.
 * @throws CutoverError NO_TOKEN when there is none, or this user may not read it
 */
export async function readAdminToken(runDir: string): Promise<string> {
  const file = adminTokenFile(runDir);
  const found = await readTrusted(file).catch((error: unknown) => {
    const missing = systemCode(error) === 'ENOENT';
    throw new CutoverError('NO_TOKEN', `${file} cannot be read: ${messageOf(error)}`, {
      hint: missing ? 'start the gateway: cutover run' : 'run it as the user that runs the gateway',
      exitCode: missing ? 6 : 5,
      cause: error,
    });
  });
  if (found !== null) return found.token;
  throw new CutoverError('NO_TOKEN', `${file} holds no token, or others can read it`, {
    hint: 'restart the gateway: it makes a new one',
    exitCode: 5,
  });
}

/** Null for a file that others can read or that holds no token. @throws the system's error, for a link too */
async function readTrusted(file: string): Promise<{ readonly token: string; readonly owner: number } | null> {
  // O_NONBLOCK: a pipe in its place must not hold the reader.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || (stat.mode & 0o077) !== 0) return null;
    const token = (await handle.readFile('utf8')).trim();
    return TOKEN.test(token) ? { token, owner: stat.uid } : null;
  } finally {
    await handle.close();
  }
}
