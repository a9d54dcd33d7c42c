import { formatShare } from '../../core/units.ts';
import { printable } from '../../core/printable.ts';
import type { Explanation, RouteLine } from '../../report/routes-schema.ts';
import type { Paint } from '../paint.ts';
import { aligned, table } from '../table.ts';

/** Routes that lost for another reason than host or path, and so many of the rest, are shown to people. */
const SHOWN_OTHERS = 10;

/** The routes in their order. */
export function routesText(routes: readonly RouteLine[], paint: Paint): string {
  const rows = routes.map((route, index) => [
    String(index + 1),
    route.name,
    route.host ?? '*',
    pathText(route),
    conditionsText(route),
    route.upstream,
    filtersText(route),
  ]);
  const titles = ['#', 'route', 'host', 'path', 'conditions', 'upstream', 'filters'];
  return table(
    titles.map((title) => ({ title, right: title === '#' })),
    rows.map((row) => row.map(printable)),
    paint.strong,
  );
}

function pathText({ kind, path }: RouteLine): string {
  return kind === 'prefix' ? path : `${kind} ${path}`;
}

function conditionsText({ methods, headers, query }: RouteLine): string {
  const fields = (sign: string, list: RouteLine['headers']): string[] =>
    list.map(({ name, value }) => `${sign}${name}${value === null ? '' : `=${value}`}`);
  const parts = [methods.join(','), ...fields('header ', headers), ...fields('?', query)];
  return parts.filter((part) => part !== '').join(' ') || 'none';
}

function filtersText({ edgeFilters, filters }: RouteLine): string {
  return [...edgeFilters.map((name) => `${name} (edge)`), ...filters].join(', ') || 'none';
}

/** Where a request goes and why. */
export function explanationText(found: Explanation, paint: Paint): string {
  const { request, route, others, readings } = found;
  const rows: [string, string][] = [
    ['request', `${request.method} ${request.host}${request.path} from ${request.from} (${request.region})`],
    ...(readings.length > 1 ? [['read as', readings.join('  ')] as [string, string]] : []),
    ['route', route === null ? 'none: the candidate answers 404' : `${route.name}: ${asked(route)}`],
    ['lane', `${found.lane}: ${found.why}`],
    ['phase', phaseText(found)],
    ['filters', route === null ? 'none' : filtersText(route)],
    ...(found.guardedBy.length > 0
      ? [
          ['guarded', `${found.guardedBy.join(', ')}: some servers read this path as another route's`] as [
            string,
            string,
          ],
        ]
      : []),
    ['upstream', upstreamText(found)],
    ['copy', copyText(found)],
  ];
  const lines = aligned(rows.map(([key, text]) => [{ text: key, paint: paint.faint }, printable(text)]));
  const near = others.filter(({ why }) => !/^(?:host|path):/.test(why));
  const rest = others.filter(({ why }) => /^(?:host|path):/.test(why));
  const shown = [...near, ...rest].slice(0, Math.max(SHOWN_OTHERS, near.length));
  const left = others.length - shown.length;
  const lost = aligned(shown.map(({ name, why }) => [`  ${printable(name)}`, printable(why)]));
  const more = left > 0 ? `  and ${left} more: --json\n` : '';
  return shown.length === 0 ? lines : `${lines}\nOther routes:\n${lost}${more}`;
}

function asked(route: RouteLine): string {
  const conditions = conditionsText(route);
  const host = route.host === null ? '' : `host ${route.host}, `;
  return `${host}${pathText(route)}${conditions === 'none' ? '' : `, ${conditions}`}`;
}

function phaseText({ state }: Explanation): string {
  if (state.source === 'configuration') return `${state.phase}, the first one: no gateway runs`;
  const other = state.sameConfiguration === true ? '' : '; it runs another configuration: cutover reload';
  return `${state.phase}, of the running gateway${other}`;
}

function upstreamText({ upstream }: Explanation): string {
  if (upstream === null) return 'none';
  const { name, servers, balance } = upstream;
  return servers.length === 1 ? `${name}: ${servers[0]}` : `${name}: ${balance} over ${servers.join(', ')}`;
}

function copyText({ copy, lane }: Explanation): string {
  const other = lane === 'legacy' ? 'candidate' : 'legacy';
  if (copy.reason !== null) return `never: ${copy.reason.replaceAll('_', ' ')}`;
  return copy.share === 0 ? 'none in this phase' : `${formatShare(copy.share)} of such requests to ${other}`;
}
