import { lstatSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { CutoverError, systemCode } from '../core/errors.ts';
import { listenError } from './ports.ts';

/**
 * Makes sure that a unix socket can be listened on: nothing lies at its path, or the socket of a process that is gone.
 * The worker that listens puts its own in the place; here nothing is removed.
 * @param mayAnswer whether somebody may still serve there: orphans of ours, who will give it up
 * @throws CutoverError PORT_TAKEN, PORT_REFUSED or ADDRESS_UNKNOWN
 */
export async function probeUnix(path: string, mayAnswer: boolean): Promise<void> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return requireFolder(path);
  if (!status.isSocket()) {
    throw new CutoverError('PORT_TAKEN', `a path to listen on is no socket: ${path}`, {
      hint: 'choose another path under listen; nothing that is no socket is ever removed',
    });
  }
  const code = await answerOf(path);
  // Refused: the file outlived its process. Gone: somebody tidied up just now.
  if (code === 'ECONNREFUSED' || code === 'ENOENT' || (code !== 'EACCES' && mayAnswer)) return;
  throw listenError(code === 'EACCES' ? code : 'EADDRINUSE', path);
}

function requireFolder(path: string): void {
  if (lstatSync(dirname(path), { throwIfNoEntry: false }) !== undefined) return;
  throw new CutoverError('ADDRESS_UNKNOWN', `there is no folder for a socket to listen on: ${path}`, {
    hint: `make it: mkdir -p ${dirname(path)}`,
  });
}

/** What connecting comes to: '' when somebody answers. */
function answerOf(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve('');
    });
    socket.once('error', (error) => resolve(systemCode(error)));
  });
}
