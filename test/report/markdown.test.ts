import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reportMarkdown } from '../../src/report/markdown.ts';
import { code, plain } from '../../src/report/markdown-text.ts';
import { differenceClass, inputSample, reportOf, reportWith } from './report-sample.ts';

test('the report for people stays as it was agreed', () => {
  expect(reportMarkdown(reportWith())).toMatchInlineSnapshot(`
    "<!-- cutover-report -->
    # Cutover report

    **◌ GATE HOLD**: error rate (shadow, eu-west): not proven yet

    The rollout is at \`regional/2\` since 2026-11-23 14:02:11Z, next \`regional/3\`, ready in ~24 h.

    ## Gates

    | metric | direction | region | candidate only | legacy only | n | excess [95 %] | margin | evidence | verdict |
    | --- | --- | --- | ---: | ---: | ---: | --- | --- | --- | --- |
    | error rate | shadow | \`eu-west\` | 6 | 4 | 12,000 | +0.02pp [-0.04, +0.09] | 0.10pp | e=6.0 (needs 20); abort e=1.1 (needs 400) | ◌ HOLD, ready in ~4 min |
    | differences | reverse | \`eu-west\` | 0 | - | 9,000 | +0.00pp [+0.00, +0.05] | 0.10pp | e=4,447 (needs 20); abort e=1.0 (needs 400) | ✓ READY |

    | requirement | met | why |
    | --- | --- | --- |
    | coverage | ✓ met | 0 of 21,000 copies are missing (0.00 %, at most 1 %) |
    | dwell | ✗ not met | 28m of 24h in this phase, ready in ~24 h |

    ## Differences

    2 classes in 3,002 compared pairs.

    | class | count | kind | endpoint | path | legacy | candidate |
    | --- | ---: | --- | --- | --- | --- | --- |
    | \`0123456789abcdef\` | 412 | json_type | \`GET /orders/{id}\` | \`/total\` | \`10.5\` | \`"10.50"\` |

    1 more: \`cutover differences\`

    ### Example of the largest class

    \`0123456789abcdef\`: json_type at \`/total\`, request \`a1-7\` (shadow) at 2026-11-23 14:02:11Z.

    \`\`\`
    GET /orders/17
      legacy     10.5
      candidate  "10.50"
    \`\`\`

    Again, with masked values filled in:

    \`\`\`sh
    curl -si -X GET http://127.0.0.1:8081/orders/17
    curl -si -X GET http://127.0.0.1:7001/orders/17
    \`\`\`

    ## Latency of both lanes

    | lane | requests | per s | bad | p50 | p90 | p99 | p99.9 |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | legacy | 11,412 | 190 | 3 (0.03%) | 4.1 ms | 7.3 ms | 12.1 ms | - |
    | candidate | 592 | 9.9 | 0 (0.00%) | 4.1 ms | 7.3 ms | 120 ms | - |
    | legacy, pairs | 1,900 |   |   | 8.1 ms | 15.2 ms | 40.3 ms | - |
    | candidate, pairs | 1,900 |   |   | 8.0 ms | 15.6 ms | 48.0 ms | - |
    | **delta**, pairs |   |   |   | -0.10 ms | +0.35 ms | +7.7 ms | - |

    Pairs are the same requests on both lanes. \`-\`: fewer than ten samples lie beyond the quantile.
    Where the p99 delta lies cannot be said yet: that takes about 2,000 pairs.

    ## Accounting of copies

    | copies | shadow | reverse |
    | --- | ---: | ---: |
    | eligible | 10,000 | 0 |
    | – not sampled | 9,000 | 0 |
    | – sampled | 1,000 | 0 |
    | – – dropped | 4 | 0 |
    | – – too large | 0 | 0 |
    | – – candidate saturated | 6 | 0 |
    | – – sent | 990 | 0 |
    | – – – compared | 980 | 0 |
    | – – – shadow failed | 2 | 0 |
    | – – – timed out | 5 | 0 |
    | – – – client aborted | 0 | 0 |
    | – – – response too large | 0 | 0 |
    | – – – diff dropped | 0 | 0 |
    | – – – pending | 3 | 0 |

    Shadow failed or timed out: \`first_byte_timeout\` 5, \`connect_refused\` 2

    Not eligible: \`method\` 1,412

    Answered by no lane: \`headers_too_large\` 2

    ## Coverage

    Of all requests: reads 90.00% by pairs, writes 10.00% unproven.

    | route | critical | methods | requests | share | pairs | users | evidence |
    | --- | --- | --- | ---: | ---: | ---: | ---: | --- |
    | \`api\` | yes | read | 90,000 | 90.00% | 21,000 | - | proven by pairs |
    | \`api\` | yes | write | 10,000 | 10.00% | 0 | - | **unproven** |

    ## History

    | # | when | who | verb | change | epoch | why |
    | ---: | --- | --- | --- | --- | ---: | --- |
    | 8 | 2026-11-23 14:00:00Z | \`gate\` | rollback | \`us-east\` alone, in \`regional/2\` | 3 | \`PROVEN_WORSE: orders fail\` |
    | 9 | 2026-11-23 14:02:11Z | \`ada@local\` | advance (forced) | \`regional/1\` → \`regional/2\` | 4 | - |

    The newest 2 of 9 entries; the chain of hashes is intact.

    ---

    Cutover: made 2026-11-23 14:30:00Z; build \`0.1.0\`; configuration \`c0ffee\`; epoch 4 (6 windows, ~60 s, 13 pairs/s); evidence \`abababababababab\`
    "
  `);
});

test('the first line of text is the verdict with its reason', () => {
  const gate = { ...inputSample.status.gate, verdict: 'abort', message: 'it is worse', etaS: null } as const;
  const action = { to: { phase: 'canary', step: 0 }, region: null } as const;
  const report = reportWith({ status: { ...inputSample.status, gate: { ...gate, action } } });
  const [verdict, , place] = reportMarkdown(report).split('\n').slice(3);
  expect(verdict).toBe('**✗ GATE ABORT**: it is worse');
  expect(place).toMatch(/ By itself, the rollout goes back to `canary`\.$/);
});

test('what holds the rollout besides the gates is said at once', () => {
  const rollout = { ...inputSample.status.rollout, paused: true, bypass: true, withdrawn: ['us-east'] };
  expect(reportMarkdown(reportWith({ status: { ...inputSample.status, rollout } }))).toContain(
    ', paused, the kill switch is on, taken back: `us-east`, next',
  );
});

test('a report without differences, metrics or requests claims nothing', () => {
  const { status } = inputSample;
  const gate = { ...status.gate, metrics: [], requirements: [], coverage: [] };
  const text = reportMarkdown(
    reportWith({
      status: { ...status, gate, ineligible: {}, edge: {} },
      differences: { schemaVersion: 1, compared: 0, total: 0, classes: [] },
      example: null,
    }),
  );
  expect(text).toContain('## Gates\n\nNo metric is gated here.\n');
  expect(text).toContain('## Differences\n\nNone in 0 compared pairs.\n');
  expect(text).toContain('## Coverage\n\nNo request was seen yet.\n');
  expect(text).not.toContain('Example of');
});

test('at most twenty classes are shown, and the rest is counted', () => {
  const classes = Array.from({ length: 30 }, (_, at) => differenceClass({ id: `class${at}` }));
  const differences = { schemaVersion: 1, compared: 9, total: 44, classes } as const;
  const text = reportMarkdown(reportWith({ differences: { ...differences, classes } }));
  expect(text.match(/^\| `class\d+`/gm)).toHaveLength(20);
  expect(text).toContain('\n24 more: `cutover differences`\n');
});

test('a broken chain of history cannot be overlooked in a report', () => {
  const history = { ...inputSample.history, intact: false };
  expect(reportMarkdown(reportWith({ history }))).toContain('**THE CHAIN OF HASHES IS BROKEN**');
});

/** Splits a table's line as GitHub does: at every pipe that no backslash stands before. */
const cells = (line: string): number => line.split(/(?<!\\)\|/).length;

const HOSTILE = [
  'a|b',
  'a\\|b',
  '`` ` ``',
  '```\n# heading',
  '<script>alert(1)</script>',
  '<!-- ',
  '![x](http://evil.example/x.png)',
  'https://evil.example www.evil.example @somebody #1',
  '\u202etxt.exe',
  '\x1b[2J\r\n| --- |',
  '</code></td>',
  '$x$ ~~x~~ **x** __x__',
  '',
  ' ',
];

test.each(HOSTILE)('what a server sent stays text in a report: %j', (text) => {
  const found = differenceClass({ endpoint: `GET ${text}`, path: text }, { legacy: text, candidate: text });
  const made = reportMarkdown(reportOf(found));
  const rows = made.split('\n').filter((line) => line.startsWith('| `0123456789abcdef`'));
  expect(rows).toHaveLength(1);
  expect(cells(rows[0] ?? '')).toBe(9);
  expect(made.split('\n').length).toBe(reportMarkdown(reportOf(differenceClass())).split('\n').length);
  expect(made).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u);
});

const PLAIN = /^(?:(?!:\/\/|www\.)[^<>`|*_[\]@~\\\n])*$/iu;
const CODE = /^`[^`|\\\n]+`$|^<code>[^<>`|*_[\]@~\\\n]*<\/code>$|^\(empty\)$/u;

test('no text of others opens HTML, a link, a mention or an emphasis outside of code', () => {
  const anything = fc.array(fc.nat(0x10_ff_ff)).map((points) => String.fromCodePoint(...points));
  const text = fc.oneof(fc.string(), anything, fc.constantFrom(...HOSTILE));
  fc.assert(fc.property(text, (given) => PLAIN.test(plain(given)) && CODE.test(code(given))));
});

test('a block of code is closed by nothing that is in it', () => {
  const evil = differenceClass({}, { legacy: '````\nhello', candidate: '```' });
  const text = reportMarkdown(reportOf(evil));
  expect(text).toContain('`````\nGET /orders/17\n  legacy     ````\\x0ahello\n  candidate  ```\n`````\n');
});

test('a class says what legacy itself differs in, where it was asked twice', () => {
  const bounds = { estimate: 0.12, low: 0.1, high: 0.2 };
  const latency = { samples: 0, p50Ms: null, p99Ms: null };
  const counts = { epoch: 1, pairs: 9, ofPairs: 90, triples: 90, plus: 1, minus: 1, both: 9 };
  const shares = { share: bounds, candidate: bounds, noise: bounds, excess: bounds };
  const said = { verdict: 'noise', reason: 'NOISE', pattern: null } as const;
  const judgement = { ...said, ...counts, ...shares, latency: { legacy: latency, candidate: latency } };
  const classes = [{ ...differenceClass(), judgement }];
  const text = reportMarkdown(
    reportWith({ differences: { schemaVersion: 1, compared: 90, total: 1, classes } }),
  );
  expect(text).toContain('| class | count | verdict | kind |');
  expect(text).toContain('noise (legacy itself 12.00%)');
  expect(reportMarkdown(reportWith({}))).not.toContain('verdict | kind');
});
