import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { withRule } from '../../src/config/add-rule.ts';

const RULE = '{ path: "body/at", endpoints: ["GET /a"], ignore: [json_value], reason: "a clock" }';

const FILES: readonly (readonly [what: string, text: string])[] = [
  ['has no section', '# mine\nlegacy: { servers: [a] } # today\n'],
  ['has no section and no newline at its end', 'legacy: { servers: [a] }'],
  ['is empty', ''],
  ['has other things in the section', 'differences:\n  # later\n  other: 1 # kept\nlegacy: 1\n'],
  [
    'has rules',
    'differences:\n  rules:\n    - { path: body/x, ignore: true, reason: r } # why\n\n# end\nlegacy: 1\n',
  ],
  [
    'has a rule over several lines',
    'differences:\n    rules:\n    -   path: body/x\n        # inside\n        reason: |\n          one\n          two\n\nlegacy: 1 # x\n',
  ],
  ['has rules at its end', 'legacy: 1\ndifferences:\n  rules:\n  - path: body/x\n    reason: r'],
  ['has an empty list', '# top\ndifferences: { rules: [] }\nlegacy: 1 # today\n'],
  ['has a list in one line', 'differences:\n  rules: [{ path: body/x, reason: r }] # mine\nlegacy: 1\n'],
  ['has an empty section', 'differences:\nlegacy: 1 # today\n'],
  ['is JSON', '{\n  "legacy": 1,\n  "differences": { "rules": [] }\n}\n'],
  ['is JSON without the section', '{\n  "legacy": 1\n}\n'],
];

test.each(FILES)(
  'a file that %s has the rule afterwards, behind its others, and all else as before',
  (_, text) => {
    const before = (parse(text) ?? {}) as { differences?: { rules?: unknown[] } | null };
    const after = withRule(text, RULE);
    const rules = [...(before.differences?.rules ?? []), parse(RULE) as unknown];
    expect(parse(after)).toEqual({ ...before, differences: { ...before.differences, rules } });
    for (const comment of text.match(/# .*/g) ?? []) expect(after).toContain(comment);
    expect(withRule(after, RULE).match(/a clock/g)).toHaveLength(2);
  },
);

test('what a person wrote in blocks is not touched by a character', () => {
  for (const [what, text] of FILES) {
    if (/JSON|one line|empty/.test(what)) continue;
    const kept = withRule(text, RULE).split('\n');
    const lines = text.split('\n').filter((line) => line !== '');
    expect(lines.filter((line) => !kept.includes(line))).toEqual([]);
  }
});
