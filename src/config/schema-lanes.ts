import { LIMITS } from '../core/limits.ts';
import { list, nameKey, named, section, text } from './fields.ts';
import { serversField } from './fields-net.ts';
import { routeSchema } from './schema-routes.ts';
import { hasWeightPerServer, upstreamFields, WEIGHTS, withServers } from './schema-upstream.ts';

export const legacySchema = withServers(
  'servers of the NGINX that serves today',
  'the legacy lane: what answers today',
);

const upstream = withServers('servers of this upstream', 'a named group of servers');

export const candidateSchema = section(
  {
    servers: serversField('servers that take everything: another gateway, say').optional(),
    upstreams: named(upstream, nameKey, 'upstreams by name').optional(),
    routes: list(
      routeSchema,
      'routes; the most specific one wins, whatever their order',
      1,
      LIMITS.configRoutes,
    ).optional(),
    ...upstreamFields,
    version: text(
      'names the build behind these servers; another one starts the evidence anew',
      'v2.3.1',
    ).optional(),
  },
  'the candidate lane: servers, or upstreams and routes',
).refine(hasWeightPerServer, WEIGHTS);
