import { createAdminClient } from '../control/admin-client.ts';
import type { AdminClient, AdminClientOptions } from '../control/admin-client.ts';
import { readAdminToken } from '../control/admin-token.ts';
import { usableConfig } from './configuration.ts';
import type { Io } from './io.ts';
import type { Options } from './options.ts';
import { patiently } from './patience.ts';

/** The running gateway, as a verb talks to it. */
export interface Gateway {
  /** One request, with `--timeout` and Ctrl-C. @throws CutoverError; UNREACHABLE when nobody listens */
  readonly ask: <T>(request: (client: AdminClient) => Promise<T>) => Promise<T>;
}

/** Lets a verb read from the gateway, which needs no token, and with `--admin` no configuration. */
export async function withGateway<T>(
  io: Io,
  options: Options,
  use: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  return await withClient(io, options, { address: addressFor(options) }, use);
}

/** Lets a verb command the gateway; with `--admin` and `--run-dir` the configuration is not read. */
export async function withCommands<T>(
  io: Io,
  options: Options,
  use: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  const address = addressFor(options);
  const token = await readAdminToken(runDirFor(options));
  return await withClient(io, options, { address, token }, use);
}

/** `--run-dir`, or that of the configuration. @throws ConfigurationError */
export function runDirFor(options: Options): string {
  return options.runDir ?? usableConfig(options.config).node.runDir;
}

/** `--admin`, or where the admin API of the configuration listens: `127.0.0.1:9901`, `[::1]:9901`. */
function addressFor(options: Options): string {
  if (options.admin !== undefined) return options.admin;
  const { host, port } = usableConfig(options.config).node.admin;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
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
