import { isIP } from 'node:net';
import { LIMITS } from '../core/limits.ts';
import { effective, nginxTimeMs, scopesOf, valueIn } from './scope.ts';
import type { Scope } from './scope.ts';
import type { Directive } from './tree.ts';

/** What is wrong, at which directive. */
export interface MirrorFinding {
  readonly severity: 'error' | 'warning';
  readonly at: Directive;
  readonly message: string;
  readonly hint: string;
}

const TIMEOUTS = ['proxy_connect_timeout', 'proxy_send_timeout', 'proxy_read_timeout'] as const;

/** What is wrong with the location that copies are sent to. @param from the block that mirrors */
export function targetFindings(
  from: Scope,
  target: Scope,
  directives: readonly Directive[],
): MirrorFinding[] {
  const [pass] = effective(target.slice(-1), 'proxy_pass');
  const location = target.at(-1) as Directive;
  if (pass === undefined) {
    const message = 'copies end here: this location passes them on to nobody';
    return [{ severity: 'error', at: location, message, hint: 'proxy_pass http://cutover$request_uri;' }];
  }
  return [
    ...timeoutFindings(location, target),
    ...passFindings(pass, target),
    ...bodyFindings(location, from, target),
    ...hostFindings(location, target),
    ...internalFindings(location),
    ...upstreamFindings(pass, target, directives),
  ];
}

/** Measured: with a silent target the next two requests of a connection took 0.99 s each at 1 s, and hang at 60 s. */
function timeoutFindings(location: Directive, target: Scope): MirrorFinding[] {
  return TIMEOUTS.flatMap((name) => {
    const text = valueIn(target, name);
    const ms = text === null ? null : nginxTimeMs(text);
    if (ms !== null && ms <= LIMITS.mirrorTimeoutMs) return [];
    const at = effective(target, name).at(-1) ?? location;
    const now = text === null ? `${name} is not set: 60s` : `${name} is ${text}`;
    const message = `${now}; for so long a client's next request waits for the mirror when it is silent`;
    return [{ severity: 'error' as const, at, message, hint: `${name} 250ms; Cutover answers at once` }];
  });
}

function passFindings(pass: Directive, target: Scope): MirrorFinding[] {
  const [url = ''] = pass.args;
  const rest = url.replace(/^https?:\/\/[^/$]*/, '');
  if (/^(\$\{?request_uri\}?)$/.test(rest) || /^https?:\/\/\$/.test(url)) return [];
  const rewritten = effective(target.slice(-1), 'rewrite').length > 0;
  if (rewritten && rest === '') return [];
  const message = 'the copy asks for the name of this location, not for what the client asked';
  return [
    {
      severity: 'error',
      at: pass,
      message,
      hint: `proxy_pass ${url.replace(/(\/\/[^/]*).*/, '$1')}$request_uri;`,
    },
  ];
}

/** Without the body its length must go, too: Cutover would wait for bytes that never come. */
function bodyFindings(location: Directive, from: Scope, target: Scope): MirrorFinding[] {
  const isOff =
    valueIn(from, 'mirror_request_body') === 'off' || valueIn(target, 'proxy_pass_request_body') === 'off';
  const cleared = headersOf(target).some(([name, value]) => name === 'content-length' && value === '');
  const passes = valueIn(target, 'proxy_pass_request_body') !== 'off';
  if (!isOff || (cleared && !passes)) return [];
  const message = 'the body of an upload is not copied, but its length is: the copy waits for a body';
  const hint = 'proxy_pass_request_body off; proxy_set_header Content-Length "";';
  return [{ severity: 'error', at: location, message, hint }];
}

function hostFindings(location: Directive, target: Scope): MirrorFinding[] {
  if (headersOf(target).some(([name]) => name === 'host')) return [];
  const message = 'the copy loses its Host: both lanes are asked for the name in proxy_pass';
  return [{ severity: 'error', at: location, message, hint: 'proxy_set_header Host $http_host;' }];
}

function headersOf(scope: Scope): (readonly [name: string, value: string])[] {
  return effective(scope, 'proxy_set_header').map(({ args }) => [
    (args[0] ?? '').toLowerCase(),
    args[1] ?? '',
  ]);
}

function internalFindings(location: Directive): MirrorFinding[] {
  if ((location.block ?? []).some(({ name }) => name === 'internal')) return [];
  const message = 'everybody may ask for this location';
  return [{ severity: 'warning', at: location, message, hint: 'internal;' }];
}

/** NGINX takes a server out only where there is another one. */
function upstreamFindings(pass: Directive, target: Scope, directives: readonly Directive[]): MirrorFinding[] {
  const host = /^https?:\/\/(\[[^\]]*\]|[^/$:]*)/.exec(pass.args[0] ?? '')?.[1] ?? '';
  const upstream = scopesOf(directives)
    .map((scope) => scope.at(-1) as Directive)
    .find(({ name, args }) => name === 'upstream' && args[0] === host);
  const servers = (upstream?.block ?? []).filter(({ name }) => name === 'server');
  const findings: MirrorFinding[] = [];
  if (servers.length < 2) {
    const message = 'a Cutover that is silent is asked again with every request: it is never taken out';
    const hint = 'an upstream with max_fails=1 and a second server, backup, that answers 204';
    findings.push({ severity: 'warning', at: upstream ?? pass, message, hint });
  }
  if (
    upstream === undefined &&
    isIP(host.replace(/^\[|\]$/g, '')) === 0 &&
    valueIn(target, 'resolver') === null
  ) {
    const message = `${host || 'a variable'} is no upstream of this file: with a variable in it NGINX needs a resolver`;
    findings.push({ severity: 'warning', at: pass, message, hint: 'name an upstream, or an address' });
  }
  return findings;
}
