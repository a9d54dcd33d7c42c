import { expect, test } from 'vitest';
import { statusText } from '../../src/cli/views/status.ts';
import { paintWith } from '../../src/cli/paint.ts';
import { statusSample } from './status-sample.ts';

const plain = paintWith(false);

test('what rules ignore is shown beside what was compared, each rule with what it hid', () => {
  const rule = {
    id: 'abc',
    path: 'body/items/*/price',
    endpoints: ['GET /items'],
    does: 'round to 2',
    reason: 'legacy prints floats',
    owner: 'team-shop',
    expiresMs: null,
    pairs: 40,
  };
  const dead = { ...rule, path: 'headers/x-old', does: 'ignore', endpoints: [], owner: null, pairs: 0 };
  const shadow = { ...statusSample.pairs.shadow, ignoredPairs: 31, ignored: { abc: 40 } };
  const text = statusText(
    { ...statusSample, rules: [rule, dead], pairs: { ...statusSample.pairs, shadow } },
    plain,
  );
  expect(text).toMatch(/compared +980 +0\n +\(of these alike but for what rules ignore\) +31 +0\n/);
  expect(text).toMatch(
    /body\/items\/\*\/price +round to 2 +40 +GET \/items +legacy prints floats \(team-shop\)/,
  );
  expect(text).toMatch(/headers\/x-old +ignore +0 +all +legacy prints floats/);
  expect(statusText(statusSample, plain)).not.toMatch(/rules ignore|RULE/);
});
