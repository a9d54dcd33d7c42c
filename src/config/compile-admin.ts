import { sha256Hex } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import { chainFault } from './certificates.ts';
import { compileClientAuth, fileText } from './compile-client-auth.ts';
import type { Inputs } from './inputs.ts';
import { readSecret } from './inputs.ts';
import type { AdminPrincipal, RemoteAdmin } from './plan.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';
import type { RemoteAdminSettings } from './schema-admin.ts';

/** The admin API for other machines, with the content of its files; null where there is none. */
export function compileRemoteAdmin(
  settings: RemoteAdminSettings | undefined,
  inputs: Inputs,
): RemoteAdmin | null {
  if (settings === undefined) return null;
  const { address, tls, principals } = settings;
  const cert = fileText(inputs, tls.cert, LIMITS.certificateBytes);
  const key = fileText(inputs, tls.key, LIMITS.privateKeyBytes);
  if (chainFault(cert, key) !== null) throw new Error('a certificate changed while it was read');
  return {
    ...address,
    cert,
    key,
    client: compileClientAuth(tls, inputs) ?? null,
    principals: principals.map((one) => compilePrincipal(one, inputs)),
  };
}

function compilePrincipal(
  { name, role, token, certificate }: RemoteAdminSettings['principals'][number],
  inputs: Inputs,
): AdminPrincipal {
  const rule = certificate?.uri ?? certificate?.dns ?? certificate?.email ?? null;
  if (token === undefined) return { name, role, tokenHash: null, certificate: rule };
  const read = readSecret(inputs, token);
  if (!read.ok) throw new Error('a token of the admin API changed while it was read');
  return { name, role, tokenHash: sha256Hex(read.text), certificate: null };
}

/** Where keys, tokens and authorities stand in the compiled configuration. */
export function adminPlaces({ admin: { remote } }: Config): Path[] {
  if (remote === undefined) return [];
  const at = ['node', 'admin', 'remote'];
  const tokens = remote.principals.map((_, index) => [...at, 'principals', index, 'tokenHash']);
  return [[...at, 'key'], ...tokens];
}
