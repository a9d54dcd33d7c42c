import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../src/core/hash.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { agree } from '../../src/diff/agree.ts';
import { comparePair } from '../../src/diff/compare.ts';
import { type AnswerSketch, classes, compare, first, pairOf } from './kit.ts';

const typed = (type: string) => (legacy: string | Uint8Array, candidate: string | Uint8Array) =>
  compare(
    { fields: ['content-type', type], body: legacy },
    { fields: ['content-type', type], body: candidate },
  );
const lines = typed('application/x-ndjson');
const html = typed('text/html; charset=utf-8');
const xml = typed('application/xml');

test.each([
  ['a\n', 'a', 'line 1: a', 'line 1: a (without the final line break)'],
  ['a\nb', 'a\nb\r\n', 'line 2: b (without the final line break)', 'line 2: b'],
  ['a\n\n', 'a\n', 'line 2: ', 'line 2:  (without the final line break)'],
  ['a', 'a\nb', '(no further line)', 'line 2: b'],
  ['a\nb\nc\n', 'a\nb', 'line 3: c', '(no further line)'],
  ['a\n', 'a\nb', 'line 2: ', 'line 2: b'],
  ['', '\n', 'line 1:  (without the final line break)', 'line 1: '],
])('of the texts %j and %j the example shows what differs', (one, other, legacy, candidate) => {
  expect(first(typed('text/plain')(one, other))).toMatchObject({ legacy, candidate });
});

test('lines of JSON are compared as documents, one line inserted is one difference', () => {
  expect(lines('{"a":1}\n{"b":2}\n', '{ "a": 1.0 }\r\n\n{"b":2}').found).toBe(0);
  expect(classes(lines('{"a":1}\n{"b":2}\n', '{"a":1}\n{"b":3}\n'))).toEqual(['json_value /*/b']);
  const inserted = lines('{"a":1}\n{"b":2}\n', '{"n":0}\n{"a":1}\n{"b":2}\n');
  expect([inserted.found, ...classes(inserted)]).toEqual([1, 'json_length ']);
  const broken = first(lines('{"a":1}\n{"b":2}', '{"a":1}\n{"b":2'));
  expect(broken).toMatchObject({ kind: 'json_invalid', legacy: 'valid lines of JSON' });
  expect(broken.candidate).toContain('line 2: not JSON at character 7');
});

const PAGE = `<!DOCTYPE html>
<html lang="en">
  <head><title>Shop</title><meta name="csrf-token" content="abc"><link rel="stylesheet" href="/a.css"></head>
  <body class="x">
    <p id=one>Hello <b>world</b>, 1 &lt; 2</p>
    <pre>a
  b</pre>
    <script>if (a < b) { go("</p>"); }</script>
    <img src="/x.png"><br>
  </body>
</html>`;

test('HTML that is laid out another way is the same page', () => {
  const other = `<!doctype HTML><HTML lang='en'><head><title>Shop</title>
    <meta content="abc" name="csrf-token"/><link href='/a.css' rel=stylesheet></head><body class=x>
    <p id="one">Hello
    <b>world</b>, 1 &#60; 2</p><pre>a
  b</pre><script>if (a < b) { go("</p>"); }</script><img src=/x.png ><br/></body></html>`;
  expect(html(PAGE, other)).toMatchObject({ found: 0, differences: [] });
});

test.each([
  ['Hello', 'Goodbye', ['body_text body/html/body/p/#text']],
  ['href="/a.css"', 'href="/b.css"', ['body_text body/html/head/link/@href']],
  ['<b>world</b>', '<b class="y">world</b>', ['body_text body/html/body/p/b/@class']],
  ['Hello <b>', 'Hello<b>', ['body_text body/html/body/p/#text']],
  ['a\n  b', 'a\n b', ['body_text body/html/body/pre/#text']],
  ['a < b', 'a > b', ['body_text body/html/body/script/#text']],
  ['<br>', '<br><br>', ['body_text body/html/body']],
  ['<img src="/x.png">', '', ['body_text body/html/body']],
  [
    '<p id=one>',
    '<p id=one><i>new</i> thing ',
    ['body_text body/html/body/p', 'body_text body/html/body/p/#text'],
  ],
  ['<!DOCTYPE html>', '<!DOCTYPE html><!-- built 7 -->', ['body_text body']],
])('a page in which %j is %j differs there and nowhere else', (from, to, expected) => {
  const changed = PAGE.replace(from, to);
  expect(changed).not.toBe(PAGE);
  const result = html(PAGE, changed);
  expect(result.found).toBe(expected.length === 2 ? result.found : 1);
  for (const each of classes(result)) expect(expected).toContain(each);
});

test.each(['textarea', 'object', 'video', 'iframe', 'canvas', 'svg', 'del', 'my-badge', 'button'])(
  'a blank in front of %s is seen, and one behind it',
  (name) => {
    const page = (before: string, after: string) =>
      `<body><p>some text that is the same</p><p>a${before}<${name}></${name}>${after}b</p></body>`;
    expect(html(page(' ', ' '), page('\n', '\n')).found).toBe(0);
    expect(html(page(' ', ' '), page('', ' ')).found).toBe(1);
    expect(html(page(' ', ' '), page(' ', '')).found).toBe(1);
  },
);

test.each([
  ['<svg><path d="M0"/><g/></svg>', '<svg>\n <path d="M0"></path>\n <g></g>\n</svg>', 0],
  ['<svg><path d="M0"/><g/></svg>', '<svg><path d="M0"><g/></path></svg>', 1],
  ['<svg><path d="M0"/><g/></svg>', '<svg><path d="M0"><g/></svg>', 1],
  ['<svg/><p>b</p>', '<svg></svg><p>b</p>', 0],
  ['<svg><text>a <tspan>b</tspan></text></svg>', '<svg><text>a<tspan>b</tspan></text></svg>', 1],
  ['<svg><style>a<b/></style></svg>', '<svg><style>a<b></b></style></svg>', 0],
  [
    '<svg><foreignObject><p>a<br/></p></foreignObject></svg>',
    '<svg><foreignObject><p>a<br></p></foreignObject></svg>',
    0,
  ],
  ['<math><mi>x</mi><mspace/></math>', '<math><mi>x</mi><mspace></mspace></math>', 0],
  ['<div/><p>b</p>', '<div></div><p>b</p>', 1],
  ['<p>a</p>', '<p><![CDATA[a]]></p>', 1],
  ['<svg><text>a</text></svg>', '<svg><text><![CDATA[a]]></text></svg>', 0],
])('in a page %s and %s differ as they do in browsers: %i', (one, other, found) => {
  const page = (part: string) => `<body><p>one</p><p>two</p><p>three</p><p>four</p>${part}</body>`;
  expect(html(page(one), page(other)).found > 0).toBe(found > 0);
});

test('another page altogether is one difference, and says its first line', () => {
  const error = '<html>\n<body>\n<h1>404</h1>\n<hr><address>nginx</address></body></html>';
  const result = html(PAGE, error);
  expect([result.found, ...classes(result)]).toEqual([1, 'body_text body']);
  expect(first(result).candidate).toContain('line 1: <html>');
});

test('the anti-forgery token of a page is told as different and not shown', () => {
  const result = html(PAGE, PAGE.replace('content="abc"', 'content="def"'));
  expect(first(result)).toEqual({
    kind: 'body_text',
    path: 'body/html/head/meta/@content',
    legacy: '‹masked:field›',
    candidate: '‹masked:field›',
  });
});

test('XML is compared by elements: case counts, order of attributes and empty forms do not', () => {
  expect(xml('<a x="1" y="2"><b/></a>', "<a y='2' x='1'>\n  <b></b>\n</a>").found).toBe(0);
  expect(xml('<a><![CDATA[1 < 2]]></a>', '<a>1 &lt; 2</a>').found).toBe(0);
  expect(xml('<a><B>1</B><c/></a>', '<a><b>1</b><c/></a>').found).toBeGreaterThan(0);
  const feed = (title: string) =>
    `<?xml version="1.0"?><feed><entry><title>${title}</title><id>1</id></entry></feed>`;
  expect(classes(xml(feed('a'), feed('b')))).toEqual(['body_text body/feed/entry/title/#text']);
});

test.each([
  ['<r><e/><!--a--></r>', '<r><e/><!--a--></r'],
  ['<r>a</r>', '<r>a</r/>'],
  ['<r>a</r>', '<r>a</r/'],
  ['<a:b c="1" d="2"></a:b>', '<a:b c="1"d="2"></a:b>'],
  ['<r><f> g </f></r>', '<r><f> g </f/></r>'],
  ['<r><e/></r>', '<r><e//></r>'],
  ['<r><e/></r>', '<r><e/ ></r>'],
  ['<r a="1"/>', '<r a=1/>'],
  ['<r a="1"/>', '<r a="1" a="1"/>'],
  ['<r><a/></r>', '<r><a></r>'],
  ['<r>a</r>', '<r>a</r></r>'],
  ['<r>&amp;</r>', '<r>&</r>'],
  ['<r>1</r>', '<r>&#49</r>'],
  ['<r><![CDATA[a]]></r>', '<r><![CDATA[a</r>'],
  ['<?xml version="1.0"?><r/>', '\n<?xml version="1.0"?><r/>'],
  ['<r/>', '<r/ >'],
  ['<r a="b\nc"/>', '<r a="b&#10;c"/>'],
])('XML %j and the same broken as %j do not agree, either way', (whole, broken) => {
  for (const [one, other] of [
    [whole, broken],
    [broken, whole],
  ] as const) {
    expect(xml(one, other).found).toBe(1);
  }
});

test.each([
  ['<r>\n</r>', '<r></r>'],
  [
    '<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY b "c>"><!-- ] -->]>\n<r a="1&quot;"/>\n<!-- end -->',
    `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY b "c>"><!-- ] -->]><r  a='1"'></r><!-- end -->`,
  ],
  ['<\u00e9 \u{10400}="1">\u00e9&nbsp;</\u00e9>', "<\u00e9 \u{10400}='1' >\u00e9&nbsp;</\u00e9 >"],
  [
    '<?a-b c?><x:y-1.0 xml:lang="de">a > b</x:y-1.0>',
    "<?a-b c?>\n<x:y-1.0 xml:lang='de'>a &gt; b</x:y-1.0>\n",
  ],
  ['<r a="b\nc"/>', '<r a="b c"/>'],
])('XML %j is well-formed and says the same as %j', (one, other) => {
  expect(xml(one, other).found).toBe(0);
});

test('no piece can be left out of XML without being seen', () => {
  const feed = `<?xml version="1.0"?>\n<f:a x="1" y='2'>\n <b>t &amp; u</b><c/><!--d--><![CDATA[e]]></f:a>`;
  for (let at = 0; at < feed.length; at += 1) {
    const shorter = feed.slice(0, at) + feed.slice(at + 1);
    if (!/\s/.test(feed[at] as string)) expect(xml(feed, shorter).found, shorter).toBeGreaterThan(0);
    expect(xml(feed, feed.slice(0, at)).found).toBeGreaterThan(0);
  }
});

const tags = fc.array(
  fc.constantFrom(
    '<a>',
    '</a>',
    '<b x=1>',
    '<b x="2">',
    '</b>',
    'text',
    ' ',
    '\n',
    '<!--c-->',
    '<br/>',
    '<',
    '&amp;',
    '<p',
    '="',
    '<script>',
    '</script>',
    "'",
    '/',
    '>',
    '<![CDATA[',
    ']]>',
    '<?x',
    '\u00e9',
  ),
  { maxLength: 30 },
);

test('any two texts compare as pages without a throw, the same both ways, and equal to themselves', () => {
  fc.assert(
    fc.property(
      tags,
      tags,
      fc.constantFrom('text/html', 'application/xml', 'image/svg+xml'),
      (one, other, type) => {
        const [left, right] = [`<r>${one.join('')}`, `<r>${other.join('')}`];
        const compareBoth = typed(type);
        expect(compareBoth(left, left).found).toBe(0);
        expect(compareBoth(left, right).found).toBe(compareBoth(right, left).found);
        const words = (text: string) => text.replaceAll(/\s+/g, '');
        if (compareBoth(left, right).found === 0 && !/[&<]/.test(words(left + right).slice(3))) {
          expect(words(left)).toBe(words(right));
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

test.each([
  ['a picture that is a page', 'image/png', '\x89PNG\r\n\x1a\n1', '<html>not found</html>', 'no image/png'],
  ['a page that is JSON', 'text/html', '<p>a</p>', '{"error":"gone"}', 'JSON, and not HTML'],
  ['text that is binary', 'text/plain', 'plain', 'bin\0ary', 'binary, and not text'],
  ['XML that is text', 'application/xml', '<a/>', 'gone', 'no XML'],
  ['a document that is text', 'application/pdf', '%PDF-1.7 a', 'gone', 'no application/pdf'],
])('%s is a kind of its own, and says what is wrong', (_what, type, honest, lie, why) => {
  const result = typed(type)(Buffer.from(honest, 'latin1'), Buffer.from(lie, 'latin1'));
  expect(classes(result)).toEqual(['body_mislabelled body']);
  expect(first(result).candidate).toContain(why);
  expect(classes(typed(type)(Buffer.from(lie, 'latin1'), Buffer.from(honest, 'latin1')))).toEqual([
    'body_mislabelled body',
  ]);
  // Where both lie alike it is their bytes that differ.
  expect(classes(typed(type)(`${lie} 1`, `${lie} 2`))[0]).not.toContain('mislabelled');
});

test('text that is not in its charset is a lie, and without one it is not', () => {
  const latin = Buffer.from('caf\u00e9', 'latin1');
  expect(classes(typed('text/plain; charset=utf-8')('caf\u00e9', latin))).toEqual(['body_mislabelled body']);
  expect(classes(typed('text/plain')('caf\u00e9', latin))).toEqual(['body_text body']);
});

/** An answer whose body was over the limit: its hash and its length are all that is known. */
function unkept(body: string, fields: string[] = []) {
  const bytes = Buffer.from(body);
  return { fields, body: new Uint8Array(), bodyBytes: bytes.length, bodyHash: sha256Hex(bytes) };
}

function compareUnkept(legacy: object, candidate: object) {
  const pair = pairOf({}, {});
  const whole = {
    ...pair,
    legacy: { ...pair.legacy, ...legacy },
    candidate: { ...pair.candidate, ...candidate },
  };
  const result = comparePair(whole);
  if (agree(whole)) expect(result.found).toBe(0);
  return result;
}

test('bodies over the limit are equal by hash and length, and one byte makes them differ', () => {
  const [big, other] = ['x'.repeat(1_000), `${'x'.repeat(999)}y`];
  expect(compareUnkept(unkept(big), unkept(big)).found).toBe(0);
  expect(
    agree({
      ...pairOf({}, {}),
      legacy: { ...pairOf({}, {}).legacy, ...unkept(big) },
      candidate: { ...pairOf({}, {}).legacy, ...unkept(big) },
    }),
  ).toBe(true);
  const result = compareUnkept(unkept(big), unkept(other));
  expect(classes(result)).toEqual(['body_bytes body']);
  expect(first(result).legacy).toMatch(/^1000 bytes, sha256 [0-9a-f]{12}$/);
  expect(compareUnkept({ ...unkept(big), bodyHash: null }, { ...unkept(big), bodyHash: null }).found).toBe(1);
});

test('a body that was kept compressed is held against one that was too large to keep', () => {
  const big = 'abc '.repeat(500);
  const packed = gzipSync(big);
  const kept = { fields: ['content-encoding', 'gzip'], body: packed, bodyBytes: packed.length };
  expect(classes(compareUnkept(unkept(big), kept))).toEqual(['encoding content-encoding']);
  expect(classes(compareUnkept(unkept(`${big}!`), kept))).toEqual([
    'encoding content-encoding',
    'body_bytes body/encoded',
  ]);
});

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
])('bytes after the end of %s are no part of it, and what has them is no such body', (coding, pack) => {
  const fields = ['content-type', 'text/plain', 'content-encoding', coding];
  const packed = pack('hello '.repeat(50));
  for (const rest of ['x', '\0\0\0', 'y'.repeat(70_000)]) {
    const longer = { fields, body: Buffer.concat([packed, Buffer.from(rest)]) };
    expect(classes(compare({ fields, body: packed }, longer)), rest).toEqual(['body_mislabelled body']);
    expect(classes(compare(longer, { fields, body: packed })), rest).toEqual(['body_mislabelled body']);
  }
  const longer = Buffer.concat([packed, Buffer.from('xy')]);
  expect(
    classes(compare({ fields, body: Buffer.concat([packed, Buffer.from('xz')]) }, { fields, body: longer })),
  ).toEqual(['body_bytes body/encoded']);
  // Two members after one another are one gzip, and frames one zstd.
  if (coding === 'gzip' || coding === 'zstd') {
    const members = Buffer.concat([pack('hello '.repeat(20)), pack('hello '.repeat(30))]);
    expect(compare({ fields, body: packed }, { fields, body: members }).found).toBe(0);
  }
});

test('the same coding around a body that was not kept is held against the other one as it came', () => {
  const fields = ['content-encoding', 'gzip'];
  expect(compareUnkept(unkept('abc', fields), unkept('abc', fields)).found).toBe(0);
  expect(classes(compareUnkept(unkept('abc', fields), unkept('abd', fields)))).toEqual([
    'body_bytes body/encoded',
  ]);
});

test('hostile bodies cost no more than their budget', () => {
  const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  const numbers = (seed: number) =>
    `[${Array.from({ length: 1_500_000 }, (_, index) => (index * seed) % 97).join(',')}]`;
  const pairs: [string, string, string][] = [
    ['application/json', nested('[', ']', 1_000_000), nested('[', ']', 1_000_001)],
    ['application/json', numbers(3), numbers(5)],
    ['application/json', `"${'\\'.repeat(1_000_000)}"`, `"${'\\'.repeat(1_000_001)}"`],
    ['application/x-ndjson', '{"a":1}\n'.repeat(200_000), '{"a":2}\n'.repeat(200_000)],
    ['text/html', nested('<b>', '</b>', 300_000), nested('<i>', '</i>', 300_000)],
    ['text/html', `<a ${' '.repeat(1_000_000)}>`, `<a ${'='.repeat(1_000_000)}`],
    ['text/html', '<!--'.repeat(300_000), '<script>'.repeat(300_000)],
    ['text/html', `<p>${'<a b="'.repeat(200_000)}`, `<p>${"<a b='".repeat(200_000)}`],
    ['application/xml', `<${'a'.repeat(2_000_000)}/>`, `<${'b'.repeat(2_000_000)}/>`],
    ['text/plain', '\r'.repeat(4_000_000), '\n\r'.repeat(2_000_000)],
  ];
  for (const [type, one, other] of pairs) {
    const startedMs = performance.now();
    typed(type)(one, other);
    expect(performance.now() - startedMs, `${type} ${one.slice(0, 20)}`).toBeLessThan(LIMITS.diffHangMs / 2);
  }
});

test('any two bodies under any type compare without a throw, and count the same both ways', () => {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.uint8Array({ maxLength: 60 }),
    tags.map((each) => each.join('')),
  );
  const types =
    'application/json application/x-ndjson text/html application/xml text/plain image/png application/pdf x'.split(
      ' ',
    );
  const sketch: fc.Arbitrary<AnswerSketch> = fc.record({
    fields: fc.constantFrom(...types).map((type) => ['content-type', type]),
    body,
  });
  fc.assert(
    fc.property(sketch, sketch, (one, other) => {
      expect(compare(one, one).found).toBe(0);
      expect(compare(one, other).found).toBe(compare(other, one).found);
    }),
    { numRuns: 2_000 },
  );
});
