import { LIMITS } from '../../core/limits.ts';
import { ElementScanner } from './element-scanner.ts';
import type { Element } from './element-scanner.ts';
import { unreadable } from './message.ts';
import type { Understood } from './message.ts';
import { RequestFields, isMethod, sendableTarget } from './request-parts.ts';
import type { CaptureItem, CaptureReader } from './types.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads an HTTP archive (HAR 1.2), as browsers and proxies write it: the requests to the host of its first entry.
 * Entries for other hosts (a CDN, say) are told apart, because the lanes do not serve them.
 */
export class HarReader implements CaptureReader {
  readonly others = 0;
  private readonly scanner = new ElementScanner(LIMITS.captureRecordBytes);
  private entries = 0;
  private host = '';
  private seen = 0;

  read(chunk: Buffer): CaptureItem[] {
    this.seen += chunk.length;
    return this.scanner.push(chunk).map((element) => this.item(element));
  }

  end(): CaptureItem[] {
    const { found, finished } = this.scanner;
    const why = found ? 'truncated' : 'corrupt';
    return finished || this.seen === 0
      ? []
      : [{ offset: this.seen, line: this.entries + 1, request: null, why }];
  }

  private item({ bytes, offset, tooLong }: Element): CaptureItem {
    this.entries += 1;
    const place = { offset, line: this.entries };
    const understood = tooLong ? unreadable('record_too_large') : entryOf(bytes);
    const { request } = understood;
    if (request === null) return { ...place, ...understood };
    if (this.host === '') this.host = request.host;
    return { ...place, ...(request.host === this.host ? understood : unreadable('other_host')) };
  }
}

function entryOf(bytes: Buffer): Understood {
  try {
    const entry: unknown = JSON.parse(bytes.toString('utf8'));
    const request = isObject(entry) ? entry['request'] : null;
    return isObject(entry) && isObject(request) ? requestOf(request, entry) : unreadable('corrupt');
  } catch {
    return unreadable('corrupt');
  }
}

function requestOf(request: Json, entry: Json): Understood {
  const { method, url: text, headers, postData } = request;
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (typeof method !== 'string' || url === null || !Array.isArray(headers)) return unreadable('corrupt');
  const target = /^https?:$/.test(url.protocol) ? sendableTarget(`${url.pathname}${url.search}`) : '';
  if (!isMethod(method) || target === '') return unreadable('no_request');
  const fields = new RequestFields();
  for (const header of headers as unknown[]) {
    if (!isObject(header) || typeof header['name'] !== 'string') return unreadable('corrupt');
    const { name, value } = header;
    // Pseudo fields of HTTP/2 and 3 are no fields.
    if (!name.startsWith(':') && !fields.add(name, latin1(value).trim())) return unreadable('corrupt');
  }
  if (fields.ambiguous) return unreadable('corrupt');
  if (fields.host === '') fields.host = url.host;
  const started = Date.parse(String(entry['startedDateTime']));
  const atMs = Number.isNaN(started) ? null : started;
  const made = fields.request({ method, target, body: bodyOf(postData), atMs: 0 });
  const logged = loggedOf(entry['response']);
  return { request: { ...made, atMs, logged }, why: null };
}

function bodyOf(postData: unknown): Buffer {
  if (!isObject(postData)) return Buffer.alloc(0);
  const { text, encoding, params } = postData;
  if (typeof text === 'string' && text !== '')
    return Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8');
  if (!Array.isArray(params)) return Buffer.alloc(0);
  const form = new URLSearchParams();
  for (const param of params as unknown[]) {
    const { name, value = '' } = isObject(param) ? param : {};
    if (typeof name === 'string' && typeof value === 'string') form.append(name, value);
  }
  return Buffer.from(form.toString());
}

function loggedOf(response: unknown): { status: number; bytes: number } | null {
  if (!isObject(response)) return null;
  const { status, bodySize } = response;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599) return null;
  return { status, bytes: typeof bodySize === 'number' && bodySize > 0 ? bodySize : 0 };
}

function latin1(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : '', 'utf8').toString('latin1');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
