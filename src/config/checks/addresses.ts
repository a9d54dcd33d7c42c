import { unixPath } from '../../core/unix-address.ts';
import type { Address } from '../fields-net.ts';
import { isLoopback, parseAddress } from '../fields-net.ts';
import { DEFAULT_ADMIN_ADDRESS } from '../schema-admin.ts';
import type { Finding, Path } from '../problem.ts';
import { error, warning } from '../problem.ts';
import { parseServer } from '../server-text.ts';
import type { Source } from '../source.ts';
import { entriesAt, itemsAt, textAt, textsAt } from '../view.ts';

const NOISE = ['rollout', 'shadow', 'noise'];

interface Placed extends Address {
  readonly path: Path;
}

/** No address twice, the admin API on this machine only, no lane that leads back to a listener. */
export function checkAddresses(source: Source): Finding[] {
  const { raw } = source;
  const listeners = itemsAt(raw, ['listen']).flatMap((item) => addressAt(raw, [...item, 'address']));
  const admin = addressAt(raw, ['admin', 'address']);
  const remote = addressAt(raw, ['admin', 'remote', 'address']);
  return [
    ...checkListeners(listeners),
    ...admin.flatMap((address) => checkAdmin(address, listeners)),
    ...remote.flatMap((address) => [
      ...checkTaken(address, listeners),
      ...checkTaken(address, orDefault(admin), 'admin.address is this one'),
    ]),
    ...checkLoops(raw, [...listeners, ...admin, ...remote]),
    ...checkSameServer(raw),
    ...checkSecondLegacy(raw),
    ...checkTrust(raw),
    ...checkMirrors(raw),
  ];
}

/** Where the admin API is when nothing is written. */
function orDefault(admin: readonly Placed[]): readonly Placed[] {
  const written = parseAddress(DEFAULT_ADMIN_ADDRESS);
  return admin.length > 0 || written === null ? admin : [{ ...written, path: [] }];
}

function addressAt(raw: unknown, path: Path): Placed[] {
  const address = parseAddress(textAt(raw, path) ?? '');
  return address === null ? [] : [{ ...address, path }];
}

function checkListeners(listeners: readonly Placed[]): Finding[] {
  return listeners.flatMap((listener, index) => {
    const first = listeners.slice(0, index).findIndex((other) => overlap(other, listener));
    if (first === -1) return [];
    const message = `listen[${first}] has this address already`;
    return [error(listener.path, message, 'give each listener a port of its own')];
  });
}

function checkAdmin(admin: Placed, listeners: readonly Placed[]): Finding[] {
  const findings: Finding[] = [];
  if (!isLoopback(admin.host)) {
    const hint = 'write 127.0.0.1:9901; for other machines there is admin.remote, or ssh -L';
    findings.push(error(admin.path, 'the admin API is plain HTTP and listens on this machine only', hint));
  }
  return [...findings, ...checkTaken(admin, listeners)];
}

function checkTaken(
  admin: Placed,
  others: readonly Placed[],
  message = 'a listener has this address already',
): Finding[] {
  if (!others.some((other) => overlap(other, admin))) return [];
  return [error(admin.path, message, 'give the admin API another port')];
}

/** A server that is one of our own addresses would send each request round and round. */
function checkLoops(raw: unknown, own: readonly Placed[]): Finding[] {
  const second = placedServers(raw, [...NOISE, 'servers']);
  return [...serversAt(raw, 'legacy'), ...second, ...serversAt(raw, 'candidate')].flatMap((server) => {
    if (!own.some((address) => overlap(address, server))) return [];
    const hint = 'name the address where the lane itself listens';
    return [error(server.path, 'this server is Cutover itself: requests would go round in a loop', hint)];
  });
}

function checkSameServer(raw: unknown): Finding[] {
  const legacy = serversAt(raw, 'legacy');
  return serversAt(raw, 'candidate')
    .filter((server) => legacy.some((other) => other.host === server.host && other.port === server.port))
    .map(({ path }) =>
      warning(path, 'this server is in the legacy lane too', 'fine for a trial run of A against A'),
    );
}

/** A second legacy that is the candidate would call everything that is wrong with it noise. */
function checkSecondLegacy(raw: unknown): Finding[] {
  const candidate = serversAt(raw, 'candidate');
  return placedServers(raw, [...NOISE, 'servers'])
    .filter((server) => candidate.some((other) => other.host === server.host && other.port === server.port))
    .map(({ path }) => {
      const hint = 'name another instance of legacy, or leave servers out';
      return error(path, 'this server is the candidate: all that it does wrong would count as noise', hint);
    });
}

function checkTrust(raw: unknown): Finding[] {
  const lists: Path[] = [['trustedProxies'], ['region', 'from']];
  return lists
    .flatMap((path) => textsAt(raw, path))
    .filter(({ text }) => /^(0\.0\.0\.0|::)\/0$/.test(text))
    .map(({ path }) => warning(path, 'everybody is believed here', 'name the addresses of your own proxies'));
}

/** What an NGINX mirrors comes from its own address: nobody else knows the client's. */
function checkMirrors(raw: unknown): Finding[] {
  if (textsAt(raw, ['trustedProxies']).length > 0) return [];
  return itemsAt(raw, ['listen']).flatMap((item) => {
    const path = [...item, 'mode'];
    if (textAt(raw, path) !== 'mirror') return [];
    const hint = 'trustedProxies: [127.0.0.1/32], the address of that NGINX';
    return [warning(path, 'both lanes will take the NGINX that mirrors for the client', hint)];
  });
}

function serversAt(raw: unknown, lane: 'legacy' | 'candidate'): Placed[] {
  const upstreams = entriesAt(raw, [lane, 'upstreams']).map(([name]) => [lane, 'upstreams', name, 'servers']);
  return [[lane, 'servers'], ...upstreams].flatMap((path) => placedServers(raw, path));
}

function placedServers(raw: unknown, path: Path): Placed[] {
  return textsAt(raw, path).flatMap(({ text, path: place }) => {
    const read = parseServer(text);
    return 'server' in read ? [{ host: read.server.host, port: read.server.port, path: place }] : [];
  });
}

/** True when two addresses would meet: equal, both on this machine, or one of them is every address. Port 0 never does. */
function overlap(one: Address, other: Address): boolean {
  if (one.port !== other.port || (one.port === 0 && unixPath(one.host) === null)) return false;
  return (
    one.host === other.host || (isHere(one.host) && isHere(other.host) && sameHere(one.host, other.host))
  );
}

function isHere(host: string): boolean {
  return isEvery(host) || isLoopback(host);
}

/** `127.0.0.1` and `127.0.0.2` are two sockets; `localhost` may be either, and `0.0.0.0` is all of them. */
function sameHere(one: string, other: string): boolean {
  return [one, other].some((host) => isEvery(host) || host === 'localhost');
}

function isEvery(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
