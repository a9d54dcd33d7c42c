import { LIMITS } from '../../core/limits.ts';
import { isLoopback, parseAddress } from '../fields-net.ts';
import type { Inputs } from '../inputs.ts';
import { readSecret } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import type { Source } from '../source.ts';
import { itemsAt, textAt, valueAt } from '../view.ts';
import { checkCertificates } from './certificates.ts';

const REMOTE = ['admin', 'remote'];

/** Everybody who may ask from afar can prove who they are, and is told apart from everybody else. */
export function checkAdmin({ raw }: Source, inputs: Inputs): Finding[] {
  if (valueAt(raw, REMOTE) === undefined) return [];
  const principals = itemsAt(raw, [...REMOTE, 'principals']);
  return [
    ...checkReach(raw),
    ...checkCertificates(raw, [...REMOTE, 'tls'], inputs),
    ...principals.flatMap((path, index) => [
      ...checkName(raw, path, principals.slice(0, index)),
      ...checkToken(raw, path, inputs),
      ...checkAsked(raw, path),
      ...checkPolicy(raw, path),
    ]),
    ...checkTokens(raw, principals, inputs),
  ];
}

function checkReach(raw: unknown): Finding[] {
  const path = [...REMOTE, 'address'];
  const address = parseAddress(textAt(raw, path) ?? '');
  if (address === null) return [];
  if (address.host.startsWith('unix:'))
    return [error(path, 'the remote admin API is for other machines', 'write host and port: 0.0.0.0:9902')];
  if (!isLoopback(address.host)) return [];
  return [
    warning(path, 'no other machine reaches this address', 'write 0.0.0.0:9902, or the address of a network'),
  ];
}

/** Two people of one name would be one in the history. */
function checkName(raw: unknown, path: Path, before: readonly Path[]): Finding[] {
  const name = textAt(raw, [...path, 'name']);
  if (name === 'local')
    return [error([...path, 'name'], 'local is who asks on this machine', 'choose another name')];
  const isTaken = name !== null && before.some((other) => textAt(raw, [...other, 'name']) === name);
  return isTaken ? [error([...path, 'name'], `another principal is ${name}`, 'give each its own name')] : [];
}

function tokenAt(raw: unknown, path: Path, inputs: Inputs): string | null {
  const file = textAt(raw, [...path, 'token', 'file']);
  const env = textAt(raw, [...path, 'token', 'env']);
  const ref = file === null ? (env === null ? null : { env }) : { file };
  const read = ref === null ? null : readSecret(inputs, ref);
  return read !== null && read.ok ? read.text : null;
}

function checkToken(raw: unknown, path: Path, inputs: Inputs): Finding[] {
  const token = tokenAt(raw, path, inputs);
  const at = [...path, 'token'];
  if (token === null) return [];
  const hint = 'make one: openssl rand -hex 32';
  if (/\s/.test(token)) return [errorAtKey(at, 'no header can carry a token with spaces', hint)];
  if (token.length >= LIMITS.adminTokenChars) return [];
  return [errorAtKey(at, `a token of less than ${LIMITS.adminTokenChars} characters can be guessed`, hint)];
}

function checkTokens(raw: unknown, principals: readonly Path[], inputs: Inputs): Finding[] {
  const seen = new Set<string>();
  return principals.flatMap((path) => {
    const token = tokenAt(raw, path, inputs);
    const isSame = token !== null && seen.has(token);
    if (token !== null) seen.add(token);
    return isSame
      ? [
          errorAtKey(
            [...path, 'token'],
            'this is the token of another principal',
            'make one: openssl rand -hex 32',
          ),
        ]
      : [];
  });
}

/** Tokens are looked at by the policy of a filter, whether a route has that filter or not. */
function checkPolicy(raw: unknown, path: Path): Finding[] {
  const at = [...path, 'jwt'];
  const name = textAt(raw, at);
  if (name === null || valueAt(raw, ['filters', name, 'jwt']) !== undefined) return [];
  const hint = `add filters: { ${name}: { jwt: … } }, with claims that only its people have`;
  return [error(at, `there is no filter ${name} with a policy for tokens`, hint)];
}

function checkAsked(raw: unknown, path: Path): Finding[] {
  if (valueAt(raw, [...path, 'certificate']) === undefined) return [];
  const mode = textAt(raw, [...REMOTE, 'tls', 'clientAuth']);
  if (mode !== null && mode !== 'none') return [];
  const hint = 'add tls: { clientAuth: optional, clientCa: ./tls/clients-ca.pem } to admin.remote';
  return [errorAtKey([...path, 'certificate'], 'nobody is asked for a certificate here', hint)];
}
