import { createAdminClient } from '../control/admin-client.ts';
import type { AdminClient, AdminClientOptions } from '../control/admin-client.ts';
import { readAdminToken } from '../control/admin-token.ts';
import { CutoverError } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Options } from './options.ts';
import { patiently } from './patience.ts';
import { placeOf } from './place.ts';
import type { Place } from './place.ts';
import { isRemote, remoteOf } from './remote.ts';
import { shellWord } from './shell-word.ts';

/** The running gateway, as a verb talks to it. */
export interface Gateway {
  /** One request, with `--timeout` and Ctrl-C. @throws CutoverError; UNREACHABLE when nobody listens */
  readonly ask: <T>(request: (client: AdminClient) => Promise<T>) => Promise<T>;
}

/** Lets a verb read the status, which needs no token, and with `--admin` no configuration. */
export async function withGateway<T>(
  io: Io,
  options: Options,
  use: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  if (isRemote(options)) return await withClient(io, options, remoteOf(options), use);
  const address = options.admin ?? known(placeOf(io, options), 'admin');
  return await withClient(io, options, { address }, use);
}

/** Lets a verb command the gateway, or read of its traffic: both need the token. With both flags no file is read. */
export async function withCommands<T>(
  io: Io,
  options: Options,
  use: (gateway: Gateway) => Promise<T>,
  place: Place = placeOf(io, options),
): Promise<T> {
  if (isRemote(options)) return await withClient(io, options, remoteOf(options), use);
  const address = known(place, 'admin');
  const token = await tokenOf(known(place, 'runDir'), options);
  return await withClient(io, options, { address, token }, use);
}

/** One part of a place. @throws CutoverError that says why it is not known */
function known(place: Place, part: 'admin' | 'runDir'): string {
  const value = place[part];
  if (value !== null) return value;
  throw (
    place.error ??
    new CutoverError('USAGE', `the ${part} of the gateway is not known`, { exitCode: EXIT.usage })
  );
}

/** The token of the run directory. @throws CutoverError NO_TOKEN; with exit 6 where no gateway ever ran */
async function tokenOf(runDir: string, { config }: Options): Promise<string> {
  try {
    return await readAdminToken(runDir);
  } catch (error) {
    if (!(error instanceof CutoverError) || error.exitCode !== EXIT.unreachable) throw error;
    throw new CutoverError(error.code, `no gateway runs here: ${runDir} has no token of one`, {
      hint: `start it: cutover run -c ${shellWord(config)}, or name its run directory: --run-dir DIR`,
      exitCode: EXIT.unreachable,
      cause: error,
    });
  }
}

async function withClient<T>(
  io: Io,
  { timeoutMs }: Options,
  where: AdminClientOptions,
  use: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  const client = createAdminClient({ ...where, timeoutMs });
  try {
    return await use({ ask: (request) => patiently(request(client), timeoutMs, io.signal) });
  } finally {
    await client.close();
  }
}
