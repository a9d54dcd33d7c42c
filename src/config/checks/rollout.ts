import { parseShare } from '../../core/units.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import type { Source } from '../source.ts';
import { nearest } from '../suggest.ts';
import { entriesAt, itemsAt, textAt, valueAt } from '../view.ts';

const STEPS = ['rollout', 'regional', 'steps'];
const MATCH = ['rollout', 'canary', 'match'];

/** Steps that rise, regions that exist, canaries that answer somebody and cannot be forged. */
export function checkRollout(source: Source): Finding[] {
  return [
    ...checkRising(source),
    ...checkRegions(source),
    ...checkRegionHeader(source.raw),
    ...checkEmptyCanary(source.raw),
    ...checkForgery(source.raw),
  ];
}

function checkRising(source: Source): Finding[] {
  const last = new Map<string, number>();
  return itemsAt(source.raw, STEPS).flatMap((step) => {
    const region = textAt(source.raw, [...step, 'region']);
    const share = parseShare(textAt(source.raw, [...step, 'share']) ?? '');
    if (region === null || share === null) return [];
    const before = last.get(region);
    last.set(region, share);
    if (before === undefined || share > before) return [];
    const message = `the share of ${source.written([...step, 'region'])} does not rise`;
    return [error([...step, 'share'], message, 'let each step of a region be larger than the one before')];
  });
}

/** Without a region header only the configured names can ever occur. */
function checkRegions(source: Source): Finding[] {
  const { raw } = source;
  if (textAt(raw, ['region', 'header']) !== null) return [];
  const places: Path[] = [
    ['node', 'region'],
    ...itemsAt(raw, ['listen']).map((item) => [...item, 'region']),
    ...entriesAt(raw, ['region', 'cidrs']).map(([cidr]) => ['region', 'cidrs', cidr]),
  ];
  const known = new Set(places.map((path) => textAt(raw, path)));
  if (textAt(raw, ['node', 'region']) === null) known.add('default');
  const shown = places.map(source.written).filter((region) => region !== '' && known.has(region));
  return itemsAt(raw, STEPS).flatMap((step) => {
    const path = [...step, 'region'];
    const region = textAt(raw, path);
    if (region === null || known.has(region)) return [];
    const message = `no request can come from the region "${source.written(path)}"`;
    const hint = nearest(region, shown);
    const other = 'name it at a listener, at node or under region';
    return [error(path, message, hint === null ? other : `did you mean "${hint}"?`)];
  });
}

function checkRegionHeader(raw: unknown): Finding[] {
  const header = valueAt(raw, ['region', 'header']);
  const from = valueAt(raw, ['region', 'from']);
  if (header !== undefined && from === undefined) {
    const hint = 'add from: [10.0.0.0/8] with the addresses of your own edge';
    return [errorAtKey(['region', 'header'], 'anybody could name a region: this header needs from', hint)];
  }
  if (header !== undefined || from === undefined) return [];
  return [
    errorAtKey(['region', 'from'], 'from goes with header', 'add header: x-edge-region, or remove from'),
  ];
}

/** Every rollout passes through canary, and without a rule it shows nothing. `match: []` says that it is meant. */
function checkEmptyCanary(raw: unknown): Finding[] {
  const above = [[], ['rollout'], ['rollout', 'canary']].map((path) => valueAt(raw, path));
  const readable = above.every((value) => value === undefined || isMap(value));
  if (raw === undefined || !readable || valueAt(raw, MATCH) !== undefined) return [];
  const hint = 'add rollout.canary.match, or write match: [] if it is to be empty';
  return [{ ...warning(MATCH, 'canary answers nobody: it has no match', hint), at: 'key' as const }];
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A header or a cookie alone can be sent by anybody who knows it; a secret by nobody else. */
function checkForgery(raw: unknown): Finding[] {
  return itemsAt(raw, MATCH).flatMap((rule) => {
    if (['from', 'claim'].some((part) => valueAt(raw, [...rule, part]) !== undefined)) return [];
    const parts = ['header', 'cookie'].map((part) => [...rule, part] as Path);
    const values = parts.flatMap((path) => entriesAt(raw, path).map(([, value]) => value));
    if (values.length === 0 || values.some((value) => typeof value === 'object')) return [];
    const path = parts.find((part) => entriesAt(raw, part).length > 0) ?? rule;
    const message = 'anybody who sends this gets the candidate';
    return [
      {
        ...warning(path, message, 'add from: CIDR, or take the value from { env: NAME }'),
        at: 'key' as const,
      },
    ];
  });
}
