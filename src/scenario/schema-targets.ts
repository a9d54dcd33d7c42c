import { didYouMean } from '../config/suggest.ts';

interface Parts {
  readonly upstreams: Readonly<Record<string, unknown>>;
  readonly faults: readonly { readonly target: string }[];
  readonly expect: readonly { readonly name: string; readonly path: string }[];
}

interface Issue {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Faults that hit an upstream that exists, expectations with a name of their own and a JSON Pointer. */
export function checkTargets(scenario: Parts): Issue[] {
  const names = Object.keys(scenario.upstreams);
  const targets = scenario.faults.flatMap(({ target }, index): Issue[] => {
    if (names.includes(target)) return [];
    const hint = didYouMean(target, names);
    return [
      { path: ['faults', index, 'target'], message: `there is no upstream "${target}"\n${hint ?? ''}` },
    ];
  });
  const seen = new Set<string>();
  const expectations = scenario.expect.flatMap(({ name, path }, index): Issue[] => {
    const issues: Issue[] = [];
    if (seen.has(name))
      issues.push({ path: ['expect', index, 'name'], message: 'this promise stands here twice' });
    seen.add(name);
    const pointer = /^(\/([^~/]|~[01])*)+$/.test(path);
    if (!pointer)
      issues.push({
        path: ['expect', index, 'path'],
        message: 'expected a JSON Pointer\nfor example: /client/errors',
      });
    return issues;
  });
  return [...targets, ...expectations];
}
