import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import type { Authored } from '../rollout/command.ts';
import type { AdminBackend, CommandResult } from './admin-backend.ts';
import type { Caller } from './admin-gate.ts';
import { requireRole } from './admin-guard.ts';
import { AdminError, sendJson, sendRefusal, sendText } from './admin-answer.ts';
import { checked, readBody } from './admin-body.ts';
import type { EventStreams } from './admin-events.ts';
import {
  advanceBody,
  bypassBody,
  handOverBody,
  plainBody,
  reloadBody,
  rollbackBody,
} from './schema/commands.ts';
import type { AppliedAnswer } from './schema/commands.ts';
import { noVersion } from './versions.ts';

/** One admin request on its way. */
export interface AdminCall {
  readonly backend: AdminBackend;
  readonly streams: EventStreams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What stands behind the last slash of a path with a parameter, else ''. */
  readonly id: string;
  readonly caller: Caller;
}

type Handler = (call: AdminCall) => Promise<void> | void;

/** A path and what it answers to each method: POST is for commands, GET for reading. */
export interface Route {
  /** Holds nothing of the traffic: for a health check, a scraper, the first look. */
  readonly open?: true;
  /** For processes of this machine alone: other machines find nothing here. */
  readonly local?: true;
  readonly GET?: Handler;
  readonly POST?: Handler;
}

const limitQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIMITS.adminListItems).default(LIMITS.adminListDefault),
});
const noQuery = z.strictObject({});
const cursor = z
  .string()
  .regex(/^\d{1,15}$/, 'is no event number')
  .transform(Number);
const eventsQuery = z.strictObject({ after: cursor.optional() });

const ROUTES: Readonly<Record<string, Route>> = {
  '/v1/status': {
    open: true,
    GET: async (call) => sendJson(call.response, 200, await reading(call).status()),
  },
  '/v1/evidence': {
    GET: async (call) => sendJson(call.response, 200, await reading(call).measured()),
  },
  '/v1/history': {
    GET: async (call) => sendJson(call.response, 200, await call.backend.history(limitOf(call))),
  },
  '/v1/history/:id': { GET: proof },
  '/v1/configurations/:id': { GET: configuration },
  '/v1/differences': {
    GET: async (call) => sendJson(call.response, 200, await call.backend.differences(limitOf(call))),
  },
  '/v1/differences/:id': { GET: difference },
  '/v1/events': { GET: events },
  '/v1/advance': { POST: advance },
  '/v1/rollback': { POST: rollback },
  '/v1/pause': { POST: (call) => hold(call, 'pause') },
  '/v1/resume': { POST: (call) => hold(call, 'resume') },
  '/v1/bypass': { POST: bypass },
  '/v1/reload': { POST: reload },
  '/v1/hand-over': { local: true, POST: handOver },
  '/metrics': { open: true, GET: metrics },
  '/healthz': { open: true, GET: (call) => sendText(call.response, 200, 'ok\n') },
  '/readyz': { open: true, GET: ready },
};

/** A class by its fingerprint, an entry of the audit by its number. */
const WITH_ID =
  /^(\/v1\/(?:differences(?=\/[A-Za-z0-9_-]{1,64}$)|(?:history|configurations)(?=\/\d{1,12}$)))\/(.+)$/;

/** The route of a path with its parameter, or null. @param isLocal a process of this machine asks */
export function routeOf(
  path: string,
  isLocal: boolean,
): { readonly route: Route; readonly id: string } | null {
  const [, list, id = ''] = WITH_ID.exec(path) ?? [];
  const name = list === undefined ? path : `${list}/:id`;
  const route = Object.hasOwn(ROUTES, name) && !path.endsWith('/:id') ? ROUTES[name] : undefined;
  return route === undefined || (route.local === true && !isLocal) ? null : { route, id };
}

function reading(call: AdminCall): AdminBackend {
  checked(noQuery, Object.fromEntries(call.query));
  return call.backend;
}

function limitOf(call: AdminCall): number {
  return checked(limitQuery, Object.fromEntries(call.query)).limit;
}

async function difference(call: AdminCall): Promise<void> {
  const found = await reading(call).difference(call.id);
  if (found !== null) return sendJson(call.response, 200, found);
  throw new AdminError(404, {
    code: 'NO_SUCH_CLASS',
    message: `there is no class of differences ${call.id}`,
    hint: 'list them: cutover differences',
    exitCode: 2,
  });
}

async function proof(call: AdminCall): Promise<void> {
  const found = await reading(call).proof(Number(call.id));
  if (found !== null) return sendJson(call.response, 200, found);
  throw new AdminError(404, {
    code: 'NO_PROOF',
    message: `nothing is kept of what entry ${call.id} was decided on`,
    hint: 'entries with a hash of their evidence have one: cutover history --json',
    exitCode: 2,
  });
}

async function configuration(call: AdminCall): Promise<void> {
  requireRole(call.caller, 'operate', 'to read a configuration');
  const found = await reading(call).configuration(Number(call.id));
  if (found !== null) return sendJson(call.response, 200, found);
  const { code, message, hint } = noVersion(Number(call.id));
  throw new AdminError(404, { code, message, hint: hint ?? '', exitCode: 2 });
}

function events(call: AdminCall): void {
  const query = checked(eventsQuery, Object.fromEntries(call.query));
  const resumed = call.request.headers['last-event-id'];
  const after = resumed === undefined ? query.after : checked(cursor, resumed);
  call.streams.add(call.response, after ?? null);
}

async function advance(call: AdminCall): Promise<void> {
  const { to, region, force, approve, ...author } = await readBody(call.request, advanceBody);
  if (force) requireRole(call.caller, 'admin', 'to go on against the gates');
  const place = { to: targetOf(to), ...(region === undefined ? {} : { region }) };
  answer(call, await call.backend.apply({ verb: 'advance', ...place, force, approve, ...by(call, author) }));
}

async function rollback(call: AdminCall): Promise<void> {
  const { to, region, ...author } = await readBody(call.request, rollbackBody);
  const place = { to: targetOf(to), ...(region === undefined ? {} : { region }) };
  answer(call, await call.backend.apply({ verb: 'rollback', ...place, ...by(call, author) }));
}

async function hold(call: AdminCall, verb: 'pause' | 'resume'): Promise<void> {
  const author = await readBody(call.request, plainBody);
  answer(call, await call.backend.apply({ verb, ...by(call, author) }));
}

async function bypass(call: AdminCall): Promise<void> {
  const { on, ...author } = await readBody(call.request, bypassBody);
  answer(call, await call.backend.apply({ verb: on ? 'bypass' : 'bypass_off', ...by(call, author) }));
}

async function reload(call: AdminCall): Promise<void> {
  const { entry, text, ...author } = await readBody(call.request, reloadBody, LIMITS.adminReloadBytes);
  // Whoever chooses the configuration chooses who may ask from afar, and which files are read.
  if (entry !== undefined || text !== undefined)
    requireRole(call.caller, 'admin', 'to choose the configuration');
  answer(call, await call.backend.reload(by(call, author), { entry, text }));
}

async function handOver(call: AdminCall): Promise<void> {
  const body = await readBody(call.request, handOverBody);
  // The connection ends with this answer: the address belongs to another process then.
  call.response.setHeader('connection', 'close');
  sendJson(call.response, 200, await call.backend.handOver({ ...body, who: call.caller.nameOf(body.who) }));
}

function metrics(call: AdminCall): void {
  sendText(call.response, 200, call.backend.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
}

function ready(call: AdminCall): void {
  const isReady = call.backend.ready();
  sendText(call.response, isReady ? 200 : 503, isReady ? 'ready\n' : 'not ready\n');
}

type Place = z.infer<typeof rollbackBody>['to'];

function targetOf(to: Place) {
  if (to === undefined || to === null) return null;
  return to.step === undefined ? { phase: to.phase } : { phase: to.phase, step: to.step };
}

/** What stands in the audit: nobody says alone who it was. */
function by({ caller }: AdminCall, { who, reason }: Authored): Authored {
  return { who: caller.nameOf(who), reason };
}

function answer(call: AdminCall, result: CommandResult): void {
  if (!result.ok) return sendRefusal(call.response, result);
  const { phase, step, sequence, epoch, paused, bypass: bypassed, sinceMs, lastGood } = result.state;
  const body: AppliedAnswer = {
    schemaVersion: 1,
    changed: result.changed,
    stored: result.stored,
    survivesRestart: result.survivesRestart,
    inEffect: result.inEffect,
    missingPids: [...result.missingPids],
    needRestart: [...result.needRestart],
    warnings: [...result.warnings],
    rollout: { phase, step, sequence, epoch, paused, bypass: bypassed, sinceMs, lastGood },
    entry: result.entry,
  };
  return sendJson(call.response, 200, body);
}
