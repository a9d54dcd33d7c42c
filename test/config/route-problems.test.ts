import { expect, test } from 'vitest';
import { told } from './kit.ts';

const ROUTES: [what: string, lanes: string, problems: string[]][] = [
  [
    'paths that are not as requests are matched',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] } }\n  routes:\n    - { name: a, match: { path: /a%2Fb }, upstream: shop }\n    - { name: b, match: { path: { exact: /%7Eme } }, upstream: shop }',
    [
      '5:33 no request is matched like this: %2F and %5C are read as slashes, and what follows a ; is cut | write the path as a server reads it',
      '6:42 no request is matched like this: paths are normalised first | write: /~me',
    ],
  ],
  [
    'expressions that are none, that never begin a path and that come too late',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] } }\n  routes:\n    - { name: a, match: { path: { regex: "/(a" } }, upstream: shop }\n    - { name: b, match: { path: { regex: api/.* } }, upstream: shop }\n    - { name: c, match: { path: { regex: "/v1/[a-z]" } }, upstream: shop }\n    - { name: d, match: { path: /v1/ }, upstream: shop }',
    [
      '5:42 this is no expression: missing closing ): `/(a` | expressions are RE2’s: no look-around and no back-references',
      '7:18 this route is never reached: routes[3] "d" takes every path below /v1/ before it | write it as { template: … }, which comes before prefixes',
      '6:42 this expression stands for the whole path, which starts with / | begin it with /',
    ],
  ],
  [
    'templates that are the same but for their names',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] } }\n  routes:\n    - { name: a, match: { path: { template: "/u/{id}" }, host: A.example }, upstream: shop }\n    - { name: b, match: { path: { template: "/u/{name}" }, host: a.example }, upstream: shop }',
    [
      '6:18 this route is never reached: routes[0] "a" matches the same requests | change its path, host or conditions, or remove it',
    ],
  ],
  [
    'conditions that are none',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] } }\n  routes:\n    - { name: a, match: { headers: { x-version: 2 } }, upstream: shop }\n    - { name: b, match: { path: { exact: /a, regex: /b } }, upstream: shop }\n    - { name: c, match: { headers: { "x y": true } }, upstream: shop }',
    [
      "5:49 expected a text, or true for any value | quote numbers: x-version: '2'",
      '6:27 expected exactly one of: exact, template, regex | for example: { exact: /login }',
      '7:38 expected a header name | for example: x-version',
    ],
  ],
  [
    'answers that contradict themselves',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] } }\n  routes:\n    - { name: a, match: { path: /a }, upstream: shop, redirect: { prefix: /b, status: 303 } }\n    - { name: b, match: { path: /b } }\n    - { name: c, match: { path: /c }, upstreams: [{ name: shop, weight: 0 }, { name: shpo, weight: 0 }] }\n    - { name: d, match: { path: { regex: /d } }, upstream: shop, rewrite: { prefix: //x } }',
    [
      '5:55 upstream and redirect exclude each other | keep one',
      '5:87 expected one of: 301, 302, 307, 308 | a status of redirects: 308 keeps the method',
      '6:7 the key "upstream" is missing | write upstream: NAME, upstreams: [{ name: NAME, weight: 1 }] or redirect: { prefix: /new/ }',
      '7:39 no upstream has a weight above 0 | give one of them a weight',
      '7:86 there is no upstream "shpo" | did you mean "shop"?',
      '8:66 a regex has no part that could be replaced | match a prefix or { exact }',
      '8:85 expected a path that starts with / and has no .., // or query | for example: /api/',
    ],
  ],
];

for (const [what, lanes, expected] of ROUTES) {
  test(`says where ${what} stand and what to do`, () => {
    expect(told(`${lanes}\nlisten: [{ address: 0.0.0.0:8080 }]\n`)).toEqual(expected);
  });
}
