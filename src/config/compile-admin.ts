import { sha256Hex } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { JwtFilterConfig } from '../core/token-policy.ts';
import { chainFault } from './certificates.ts';
import { compileClientAuth, fileText } from './compile-client-auth.ts';
import { compileToken, placesOf } from './compile-token.ts';
import type { Inputs } from './inputs.ts';
import { readSecret } from './inputs.ts';
import type { AdminPrincipal, RemoteAdmin } from './plan.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';
import type { RemoteAdminSettings } from './schema-admin.ts';

/** The admin API for other machines, with the content of its files; null where there is none. */
export function compileRemoteAdmin({ admin, filters }: Config, inputs: Inputs): RemoteAdmin | null {
  if (admin.remote === undefined) return null;
  const { address, tls, principals } = admin.remote;
  const cert = fileText(inputs, tls.cert, LIMITS.certificateBytes);
  const key = fileText(inputs, tls.key, LIMITS.privateKeyBytes);
  if (chainFault(cert, key) !== null) throw new Error('a certificate changed while it was read');
  return {
    ...address,
    cert,
    key,
    client: compileClientAuth(tls, inputs) ?? null,
    principals: principals.map((one) => compilePrincipal(one, filters, inputs)),
  };
}

function compilePrincipal(
  { name, role, token, certificate, jwt }: RemoteAdminSettings['principals'][number],
  filters: Config['filters'],
  inputs: Inputs,
): AdminPrincipal {
  const rule = certificate?.uri ?? certificate?.dns ?? certificate?.email ?? null;
  const policy = jwt === undefined ? null : policyOf(jwt, filters, inputs);
  if (token === undefined) return { name, role, tokenHash: null, certificate: rule, policy };
  const read = readSecret(inputs, token);
  if (!read.ok) throw new Error('a token of the admin API changed while it was read');
  return { name, role, tokenHash: sha256Hex(read.text), certificate: null, policy: null };
}

function policyOf(name: string, filters: Config['filters'], inputs: Inputs): JwtFilterConfig {
  const { jwt, enforceAt = 'edge' } = filters[name] ?? {};
  if (jwt === undefined) throw new Error(`the filter ${name} has no policy for tokens`);
  return compileToken(name, { jwt, enforceAt }, inputs);
}

/** Where keys, tokens and authorities stand in the compiled configuration. */
export function adminPlaces(remote: RemoteAdmin | null): Path[] {
  if (remote === null) return [];
  const at = ['node', 'admin', 'remote'];
  const ofEach = remote.principals.flatMap(({ policy }, index) => {
    const own = [...at, 'principals', index];
    return [[...own, 'tokenHash'], ...(policy === null ? [] : placesOf(policy, [...own, 'policy']))];
  });
  return [[...at, 'key'], ...ofEach];
}
