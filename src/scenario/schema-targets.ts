import { didYouMean } from '../config/suggest.ts';
import type { Action } from './schema-actions.ts';
import type { Expectation } from './schema-expect.ts';
import type { Fault } from './schema-faults.ts';
import type { Traffic } from './schema-traffic.ts';
import type { UpstreamPlan } from './schema-upstreams.ts';

interface Parts {
  readonly config: Readonly<Record<string, unknown>>;
  readonly regions: readonly string[];
  readonly upstreams: Readonly<Record<string, UpstreamPlan>>;
  readonly traffic: readonly Traffic[];
  readonly faults: readonly Fault[];
  readonly actions: readonly Action[];
  readonly expect: readonly Expectation[];
  readonly end?: 'actions' | 'traffic' | undefined;
}

interface Issue {
  readonly path: (string | number)[];
  readonly message: string;
}

type Path = Issue['path'];

/** Keys of cutover.yaml that the rehearsal sets itself. */
const GIVEN = ['listen', 'admin', 'store', 'runDir'];
/** Names that `${…}` has for something else. */
const RESERVED = ['PORT', 'gateway', 'here'];

/** Everything that names something: it exists, once, and is of the right kind. */
export function checkTargets(scenario: Parts): Issue[] {
  return [
    ...checkConfig(scenario, scenario.config, ['config']),
    ...Object.keys(scenario.upstreams).flatMap(checkName),
    ...scenario.traffic.flatMap((traffic, index) => checkTraffic(scenario, traffic, ['traffic', index])),
    ...checkFaults(scenario, scenario.faults, ['faults']),
    ...scenario.actions.flatMap((action, index) => [
      ...checkConfig(scenario, action.configure ?? {}, ['actions', index, 'configure']),
      ...checkFaults(scenario, action.faults, ['actions', index, 'faults']),
    ]),
    ...checkExpectations(scenario.expect),
    ...checkEnd(scenario),
  ];
}

function checkConfig(scenario: Parts, config: Parts['config'], path: Path): Issue[] {
  const given = GIVEN.filter((key) => Object.hasOwn(config, key)).map((key) => ({
    path: [...path, key],
    message: `${key} is given by the rehearsal\n${key === 'listen' ? 'for listeners by region: regions: [eu-west]' : 'remove it'}`,
  }));
  const names = [...Object.keys(scenario.upstreams), 'gateway'];
  const known = ['here', ...names, ...names.map((name) => `${name}.address`)];
  return [...given, ...checkNames(config, known, path)];
}

/** Variables of the environment are no part of a rehearsal: it has to come out the same everywhere. */
function checkNames(value: unknown, known: readonly string[], path: Path): Issue[] {
  if (typeof value === 'string')
    return [...value.matchAll(/\$\{([^}]*)\}?/g)].flatMap(([, name = '']) =>
      exists(name, known, 'upstream', path),
    );
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    checkNames(item, known, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function checkName(name: string): Issue[] {
  if (!RESERVED.includes(name)) return [];
  return [{ path: ['upstreams', name], message: `\${${name}} is something else\nchoose another name` }];
}

function checkTraffic(scenario: Parts, { region, to }: Traffic, path: Path): Issue[] {
  return [
    ...exists(region, scenario.regions, 'region', [...path, 'region']),
    ...exists(to, Object.keys(scenario.upstreams), 'upstream', [...path, 'to']),
  ];
}

function exists(name: string | undefined, known: readonly string[], what: string, path: Path): Issue[] {
  if (name === undefined || known.includes(name)) return [];
  const hint = didYouMean(name, known) ?? '';
  return [{ path, message: `there is no ${what} "${name}"\n${hint}` }];
}

function checkFaults({ upstreams }: Parts, faults: readonly Fault[], path: Path): Issue[] {
  return faults.flatMap(({ target }, index): Issue[] => {
    const place = [...path, index, 'target'];
    const missing = exists(target, Object.keys(upstreams), 'upstream', place);
    if (upstreams[target]?.indexer !== undefined)
      return [
        {
          path: place,
          message: `"${target}" is an indexer, and makes no faults\nhit an upstream that answers`,
        },
      ];
    if (missing.length > 0 || upstreams[target]?.nginx === undefined) return missing;
    return [
      {
        path: place,
        message: `"${target}" may be a real NGINX, and faults are made by embedded upstreams\nhit the upstream behind it`,
      },
    ];
  });
}

function checkExpectations(expect: readonly Expectation[]): Issue[] {
  const seen = new Set<string>();
  return expect.flatMap(({ name }, index): Issue[] => {
    const twice = seen.has(name);
    seen.add(name);
    return twice ? [{ path: ['expect', index, 'name'], message: 'this promise stands here twice' }] : [];
  });
}

/** A rehearsal that ends with its traffic needs traffic that ends. */
function checkEnd({ end, actions, traffic }: Parts): Issue[] {
  if ((end ?? (actions.length > 0 ? 'actions' : 'traffic')) === 'actions') {
    return actions.length > 0
      ? []
      : [{ path: ['end'], message: 'there are no actions\nwrite: end: traffic' }];
  }
  return traffic.flatMap((part, index) =>
    part.for === undefined
      ? [{ path: ['traffic', index], message: 'this traffic never ends\nadd for: 20s' }]
      : [],
  );
}
