import type { GatewayConfig, RouteConfig, UpstreamConfig } from '../core/snapshot.ts';
import { movedTarget, redirectAnswer } from '../gateway/routing/moves.ts';

/** What the candidate lane makes of a request of one route. */
export interface CandidateRequest {
  /** Undefined: there is none, or the gateway answers itself. */
  readonly upstream: UpstreamConfig | undefined;
  /** What a server of it is asked for; '' where no path comes out that a request may have. */
  readonly target: string;
  /** Where the gateway itself redirects to, and its status. */
  readonly redirect: { readonly status: number; readonly location: string } | null;
  /** For people: what is not known of it. */
  readonly unknown: readonly string[];
}

/**
 * The request of a route as the candidate lane sends it: rewritten, redirected, to the likeliest of several upstreams. Which
 * of them a user had depends on the user, who is not kept.
 * @param route name of the route
 */
export function candidateRequest(
  route: string,
  target: string,
  { candidate }: Pick<GatewayConfig, 'candidate'>,
): CandidateRequest {
  const matched = candidate.routes.find(({ name }) => name === route);
  const [path = ''] = target.split('?', 1);
  const answer = matched === undefined ? null : redirectAnswer(matched, path, target);
  if (matched !== undefined && answer !== null) {
    const location = answer.fields.get('location') ?? '';
    return { upstream: undefined, target: '', redirect: { status: answer.status, location }, unknown: [] };
  }
  const name = likeliest(matched);
  const several = matched?.upstreams ?? [];
  return {
    upstream: candidate.upstreams.find((each) => each.name === name) ?? candidate.upstreams[0],
    target:
      matched?.rewrite === undefined
        ? target
        : movedTarget(matched.match, matched.rewrite.prefix, path, target),
    redirect: null,
    unknown:
      several.length < 2
        ? []
        : [`which upstream of ${several.map(({ name: each }) => each).join(', ')} answered`],
  };
}

function likeliest(route: RouteConfig | undefined): string | undefined {
  const byWeight = route?.upstreams?.toSorted((one, other) => other.weight - one.weight);
  return byWeight?.[0]?.name ?? route?.upstream;
}
