import type { GatewayConfig, UpstreamConfig } from '../../core/snapshot.ts';
import { addressText } from '../../core/unix-address.ts';
import { ArrivalDesk } from '../../gateway/arrival.ts';
import type { Arrival } from '../../gateway/arrival.ts';
import { Assigner } from '../../gateway/assignment.ts';
import type { Assignment } from '../../gateway/assignment.ts';
import type { CompiledRoute } from '../../gateway/router.ts';
import { Router } from '../../gateway/router.ts';
import { asRead, readingsOf } from '../../gateway/routing/readings.ts';
import { upstreamFor } from '../../gateway/routing/moves.ts';
import type { Explanation, RouteLine } from '../../report/routes-schema.ts';
import { ineligibleBecause, isMarked } from '../../shadow/eligibility.ts';
import { losersOf } from './losers.ts';
import type { Question } from './question.ts';
import type { Standing } from './standing.ts';

/** Answers with the gateway's own router, assigner and rules of eligibility. */
export function explanationOf(config: GatewayConfig, standing: Standing, question: Question): Explanation {
  const { head, from } = question;
  const router = new Router(config.candidate.routes, config.candidate.filters);
  const found = router.match(head.method, head.host, head.path, head.fields, head.target);
  const arrival = new ArrivalDesk(config).arrive({ head, remoteAddress: from, listener: 0, client: null });
  const assigner = new Assigner(standing.view);
  const assignment = assigner.assign(arrival, head.host, head.fields);
  const { view, source, sameConfiguration } = standing;
  return {
    schemaVersion: 1,
    request: {
      method: head.method,
      host: head.host,
      path: head.path,
      query: head.target.slice(head.path.length + 1),
      from: arrival.clientAddress,
      region: arrival.region,
    },
    readings: [...new Set([asRead(head.path), ...readingsOf(head.path)])],
    route: found === null ? null : lineOf(found),
    guardedBy: found === null ? [] : foreignGuards(router, found),
    others: losersOf(router, head, found),
    state: { source, phase: view.phase, bypass: view.bypass, sameConfiguration },
    lane: assignment.lane,
    why: whyOf(standing, arrival, assigner.isCanary(arrival, head.host, head.fields)),
    copy: copyOf(question, found, assignment),
    upstream: upstreamOf(
      config,
      assignment,
      upstreamFor(found?.config, arrival.userKey ?? arrival.requestId),
    ),
  };
}

/** A route for people and programs. */
export function lineOf({ config, edgeFilters, filters }: CompiledRoute): RouteLine {
  const { host, pathKind = 'prefix', path, methods, headers = [], query = [] } = config.match;
  return {
    name: config.name,
    host,
    kind: pathKind,
    path,
    methods: [...methods],
    headers: [...headers],
    query: [...query],
    upstream: destination(config),
    edgeFilters: edgeFilters.map(({ name }) => name),
    filters: filters.map(({ name }) => name),
  };
}

function destination({ upstream, upstreams, redirect }: CompiledRoute['config']): string {
  if (redirect !== undefined) return `${redirect.status} to ${redirect.prefix}`;
  return upstreams?.map(({ name, weight }) => `${name} ${weight}`).join(', ') ?? upstream;
}

function foreignGuards(router: Router, found: CompiledRoute): string[] {
  const own = router.routes.find(({ config }) => config === found.config);
  const names = (route: CompiledRoute | undefined): string[] =>
    [...(route?.edgeFilters ?? []), ...(route?.filters ?? [])].map(({ name }) => name);
  return names(found).filter((name) => !names(own).includes(name));
}

function whyOf({ view }: Standing, arrival: Arrival, isCanary: boolean): string {
  if (view.bypass) return 'the kill switch is on: legacy answers everything';
  const named = isCanary ? 'a rule of the canary names it' : 'no rule of the canary names it';
  switch (view.phase) {
    case 'shadow':
      return 'legacy answers everything in shadow';
    case 'canary':
      return named;
    case 'regional': {
      const share = view.shares[arrival.region] ?? 0;
      const user = arrival.userKey === null ? `address ${arrival.clientAddress}` : 'the key of its user';
      return `${named}; the candidate answers ${share * 100}% of ${arrival.region}, decided by ${user}`;
    }
    case 'enforce':
    case 'retired':
      return `the candidate answers everything in ${view.phase}`;
  }
}

function copyOf(
  { head }: Question,
  found: CompiledRoute | null,
  { copyShare }: Assignment,
): Explanation['copy'] {
  const { method, fields, upgrade, expectsContinue } = head;
  const copyWrites = found?.config.copyWrites ?? false;
  const marked = isMarked(fields);
  const reason = ineligibleBecause({ method, fields, upgrade, expectsContinue, marked, copyWrites });
  return { eligible: reason === null && copyShare > 0, reason, share: reason === null ? copyShare : 0 };
}

function upstreamOf(
  { legacy, candidate }: GatewayConfig,
  { lane }: Assignment,
  chosen: string,
): Explanation['upstream'] {
  const own = candidate.upstreams.find(({ name }) => name === chosen);
  const upstream: UpstreamConfig | undefined = lane === 'legacy' ? legacy : own;
  if (upstream === undefined) return null;
  const { name, policy, servers } = upstream;
  return { name, balance: policy.balance, servers: servers.map((server) => addressText(server)) };
}
