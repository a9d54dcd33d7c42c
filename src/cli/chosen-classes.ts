import type { Differences } from '../control/schema/differences.ts';
import { LIMITS } from '../core/limits.ts';
import type { Options } from './options.ts';

type Choice = Pick<Options, 'endpoint' | 'kind' | 'verdict' | 'offset' | 'limit'>;

/** How many classes have to be asked for: those that are passed over, or do not match, are among them. */
export function askedFor(choice: Choice): number {
  return isChoosy(choice) ? LIMITS.adminListItems : choice.limit;
}

/** The classes that match, without those that are passed over. What is said about all classes stays as it is. */
export function chosen(differences: Differences, choice: Choice): Differences {
  if (!isChoosy(choice)) return differences;
  const { endpoint = '', kind, verdict, offset = 0, limit } = choice;
  const matching = differences.classes.filter(
    (each) =>
      each.endpoint.includes(endpoint) &&
      (kind === undefined || each.kind === kind) &&
      (verdict === undefined || each.judgement?.verdict === verdict),
  );
  return { ...differences, matching: matching.length, classes: matching.slice(offset, offset + limit) };
}

function isChoosy({ endpoint, kind, verdict, offset }: Choice): boolean {
  return [endpoint, kind, verdict, offset].some((each) => each !== undefined);
}
