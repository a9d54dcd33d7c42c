import type { AddressInfo, Server } from 'node:net';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';

/**
 * Lets a server of the admin API listen.
 * @param key of the configuration that says where, for the hint
 * @returns where it listens, also where port 0 was asked
 * @throws CutoverError PORT_TAKEN, ADMIN_LISTEN
 */
export async function bind(server: Server, host: string, port: number, key: string): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw listenFailed(error, `${host}:${port}`, key);
  });
  return server.address() as AddressInfo;
}

function listenFailed(error: unknown, address: string, key: string): CutoverError {
  if (systemCode(error) === 'EADDRINUSE') {
    return new CutoverError('PORT_TAKEN', `the admin address ${address} is taken`, {
      hint: `see who has it: ss -ltnp 'sport = :${address.slice(address.lastIndexOf(':') + 1)}'`,
      cause: error,
    });
  }
  const message = `the admin API cannot listen on ${address}: ${messageOf(error)}`;
  return new CutoverError('ADMIN_LISTEN', message, { hint: `set another ${key}`, cause: error });
}
