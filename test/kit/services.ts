import { hash32, sha256Hex } from '../../src/core/hash.ts';
import { upstream } from './upstream.ts';
import type { Upstream, UpstreamBuilder } from './upstream.ts';
import type { Answer, Received } from './upstream-answer.ts';

/**
 * Embedded services for the replayed traffic: the captured web application (forms, sessions, scripts, JSON), a
 * site of files, and a small JSON API. The same request always gets the same answer, whichever instance answers
 * and in whatever order, so that two instances are two lanes without a difference.
 */

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css',
  js: 'application/javascript',
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  ico: 'image/x-icon',
  pdf: 'application/pdf',
  txt: 'text/plain',
  xml: 'application/xml',
  rss: 'application/rss+xml',
  html: 'text/html; charset=utf-8',
};

/** Largest body of the site of files. */
const MAX_FILE_BYTES = 48 * 1024;
const LINES_OF_FILLER = 64;

/** Bytes that depend on the key only. */
function filler(key: string, bytes: number): Buffer {
  const lines = Array.from({ length: LINES_OF_FILLER }, (_, line) => sha256Hex(`${key} ${line}`)).join('\n');
  return Buffer.alloc(bytes, `${lines}\n`);
}

function html(title: string, inner: string): Answer {
  const body = `<!doctype html>\n<html><head><title>${title}</title></head>\n<body>${inner}</body></html>\n`;
  return { headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function redirect(location: string, headers: Record<string, string> = {}): Answer {
  return { status: 302, headers: { location, 'content-type': 'text/html', ...headers }, body: '' };
}

/** The application of the GoReplay capture; null for other paths. */
function application(request: Received): Answer | null {
  const path = request.target.split('?')[0] ?? '';
  const cookie = request.header('cookie') ?? '';
  const user = hash32(cookie) % 5_000;
  switch (`${request.method} ${path}`) {
    case 'GET /':
      return cookie === '' ? redirect('/login') : html('AirISU', `<h1>Hello, user ${user}</h1>`);
    case 'GET /login':
    case 'GET /signup':
    case 'GET /modify':
      return html(path.slice(1), `<form method="post" action="${path}"><input name="email"></form>`);
    case 'POST /login': {
      const form = request.body.toString();
      const value = sha256Hex(form).slice(0, 32);
      return redirect('/', { 'set-cookie': `rack.session=${value}; path=/; HttpOnly` });
    }
    case 'POST /signup':
      return redirect('/login');
    case 'POST /modify':
      return redirect('/modify');
    case 'GET /user.js':
      return {
        headers: { 'content-type': 'application/javascript' },
        body: `var AIR_ISU_REFRESH_INTERVAL = ${10_000 + (user % 3) * 10_000};\n`,
      };
    case 'GET /data':
      return { body: ['ken', 'ken2', 'surname', 'givenname'].map((service) => report(service, user)) };
    case 'GET /initialize':
      return { headers: { 'content-type': 'text/plain' }, body: 'OK' };
    default:
      return null;
  }
}

function report(service: string, user: number): object {
  const seed = hash32(service, user);
  return {
    service,
    data: { zipcode: String(seed % 10_000_000).padStart(7, '0'), addresses: [`${seed % 97} Example St`] },
  };
}

/** The JSON API below `/api/`; null for other paths. */
function jsonApi(request: Received): Answer | null {
  const [path = ''] = request.target.split('?');
  const match = /^\/api\/(\w+)(?:\/(\w+))?$/.exec(path);
  if (match === null) return null;
  const [, collection = '', id] = match;
  if (request.method === 'POST') {
    return {
      status: 201,
      headers: { location: `${path}/${hash32(request.body.toString()) % 10_000}` },
      body: { ok: true },
    };
  }
  if (request.method === 'DELETE') return { status: 204 };
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, headers: { allow: 'GET, HEAD, POST, DELETE' } };
  if (id !== undefined) return { body: item(collection, id) };
  return {
    body: {
      collection,
      items: Array.from({ length: 10 }, (_, index) => item(collection, String(index + 1))),
    },
  };
}

function item(collection: string, id: string): object {
  const seed = hash32(`${collection}/${id}`);
  return {
    id: Number.isNaN(Number(id)) ? id : Number(id),
    name: `${collection} ${id}`,
    price: (seed % 10_000) / 100,
    stock: seed % 50,
    tags: ['a', 'b', 'c'].slice(0, 1 + (seed % 3)),
    owner: { id: seed % 1_000, region: ['eu-west', 'us-east'][seed % 2] },
  };
}

/** A site of files: sizes, types, validators, some redirects and some that are missing. */
function files(request: Received): Answer {
  const path = request.target.split('?')[0] ?? '';
  if (request.method === 'OPTIONS') return { status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } };
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } };
  const seed = hash32(path);
  if (seed % 47 === 0)
    return { status: 404, headers: { 'content-type': 'text/html' }, body: `<h1>no ${path.length}</h1>` };
  const extension = /\.(\w+)$/.exec(path)?.[1] ?? 'html';
  if (extension === 'html' && !path.endsWith('/') && !path.includes('.') && seed % 5 === 0) {
    return { status: 301, headers: { location: `${path}/` } };
  }
  const etag = `"${seed.toString(16)}"`;
  if (request.header('if-none-match') === etag) return { status: 304, headers: { etag } };
  return {
    headers: {
      'content-type': TYPES[extension] ?? 'application/octet-stream',
      'cache-control': 'max-age=600',
      etag,
    },
    body: filler(path, 200 + (seed % MAX_FILE_BYTES)),
  };
}

/** All of it, as one service. */
export function site(): UpstreamBuilder {
  return upstream().respond((request) => application(request) ?? jsonApi(request) ?? files(request));
}

/** Two instances of {@link site}. */
export async function twoSites(): Promise<{
  readonly legacy: Upstream;
  readonly candidate: Upstream;
  readonly stop: () => Promise<void>;
}> {
  const [legacy, candidate] = await Promise.all([site().start(), site().start()]);
  return {
    legacy,
    candidate,
    stop: async () => {
      await Promise.all([legacy.stop(), candidate.stop()]);
    },
  };
}
