import { isIP } from 'node:net';
import { logTime } from './log-time.ts';
import { unreadable } from './message.ts';
import type { Understood } from './message.ts';
import { isMethod, sendableTarget } from './request-parts.ts';
import { headerOf } from './text-line.ts';

type Entry = Readonly<Record<string, unknown>>;

/**
 * Names by which servers tell these things in JSON: NGINX's own variables, Cutover, ECS, Caddy, Traefik, Envoy. Looked up
 * in lower case, in this order.
 */
const NAMES = {
  request: ['request', 'request_line'],
  method: ['request_method', 'method', 'http.request.method', 'http_method', 'verb', 'requestmethod'],
  target: ['request_uri', 'uri', 'url', 'url.original', 'requestpath', 'target', 'path', 'url.path'],
  query: ['args', 'query_string', 'query', 'url.query'],
  host: ['http_host', 'host', 'server.address', 'requesthost', 'vhost', 'authority', 'server_name'],
  client: ['remote_addr', 'client.address', 'clienthost', 'client_ip', 'remote_ip', 'remote_host', 'client'],
  agent: ['http_user_agent', 'user_agent', 'useragent', 'agent', 'user_agent.original'],
  referer: ['http_referer', 'http_referrer', 'referer', 'referrer'],
  time: ['msec', 'time_iso8601', '@timestamp', 'timestamp', 'ts', 'startutc', 'time', 'time_local', 'date'],
  status: ['status', 'http.response.status_code', 'status_code', 'downstreamstatus', 'response_code'],
  bytes: ['body_bytes_sent', 'bytes_out', 'bytes_sent', 'size', 'downstreamcontentsize', 'bytes'],
} as const;
type Name = keyof typeof NAMES;

/** Understands one line of a JSON access log, however its fields are called (`log_format … escape=json`). */
export function parseJsonLine(line: string): Understood {
  const entry = entryOf(line);
  if (entry === null) return unreadable('corrupt');
  const said = (name: Name): string => textOf(entry, name);
  const [, lineMethod = '', lineTarget = ''] =
    /^(\S+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/.exec(said('request')) ?? [];
  const method = said('method') || lineMethod;
  // NGINX writes an empty request, or `-`, for a connection that sent none.
  if (method === '') return unreadable(typeof entry['request'] === 'string' ? 'no_request' : 'corrupt');
  const target = sendableTarget(withQuery(said('target') || lineTarget, said('query')));
  if (!isMethod(method) || target === '') return unreadable('no_request');
  const client = said('client');
  const host = said('host');
  const about = { body: null, upgrade: '', expectsContinue: false };
  const request = {
    ...about,
    method,
    target,
    host: /^[\w.:[\]-]+$/.test(host) ? host : '',
    headers: [...headerOf('Referer', said('referer')), ...headerOf('User-Agent', said('agent'))],
    atMs: logTime(found(entry, 'time')),
    clientAddress: isIP(client) === 0 ? '' : client,
    logged: loggedOf(said('status'), said('bytes')),
  };
  return { request, why: null };
}

/** An object by lower-case names; what Caddy nests below `request` lies beside the rest. */
function entryOf(line: string): Entry | null {
  const entry: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(line);
    if (!isObject(parsed)) return null;
    for (const [name, value] of Object.entries(parsed)) entry[name.toLowerCase()] = value;
  } catch {
    return null;
  }
  const { request } = entry;
  if (isObject(request)) {
    for (const [name, value] of Object.entries(request)) entry[name.toLowerCase()] ??= value;
    const { headers } = request;
    if (isObject(headers)) addHeaders(entry, headers);
  }
  return entry;
}

function addHeaders(entry: Record<string, unknown>, headers: Entry): void {
  for (const [name, value] of Object.entries(headers)) {
    const lower = `http_${name.toLowerCase().replaceAll('-', '_')}`;
    entry[lower] ??= Array.isArray(value) ? value[0] : value;
  }
}

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function found(entry: Entry, name: Name): string | number | undefined {
  for (const each of NAMES[name]) {
    const value = entry[each];
    if (typeof value === 'number' || (typeof value === 'string' && value !== '' && value !== '-'))
      return value;
  }
  return undefined;
}

/** Characters above ASCII as the bytes of UTF-8: JSON is text, and a request is bytes. */
function textOf(entry: Entry, name: Name): string {
  const value = found(entry, name);
  return value === undefined ? '' : Buffer.from(String(value), 'utf8').toString('latin1');
}

function withQuery(target: string, query: string): string {
  return query === '' || target.includes('?') ? target : `${target}?${query.replace(/^\?/, '')}`;
}

function loggedOf(status: string, bytes: string): { status: number; bytes: number } | null {
  if (!/^\d{3}$/.test(status)) return null;
  return { status: Number(status), bytes: /^\d{1,15}$/.test(bytes) ? Number(bytes) : 0 };
}
