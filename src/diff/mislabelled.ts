import { bodyForm, type MediaType } from './media-type.ts';

/** First bytes that every body of a type has, as latin-1: one of these. */
const MAGIC: ReadonlyMap<string, readonly string[]> = new Map([
  ['image/png', ['\x89PNG\r\n']],
  ['image/jpeg', ['\xff\xd8\xff']],
  ['image/gif', ['GIF8']],
  ['image/webp', ['RIFF']],
  ['application/zip', ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08']],
  ['application/gzip', ['\x1f\x8b']],
  ['application/wasm', ['\0asm']],
  ['font/woff2', ['wOF2']],
]);

/** Bytes looked at for marks of a type. */
const HEAD_BYTES = 1_024;
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Whether a body cannot be what its type says, and why; null for one that can. JSON is not judged here: its reader
 * says better what is wrong. An empty body is nothing, and so no lie.
 */
export function mislabelled(body: Uint8Array, type: MediaType): string | null {
  if (body.byteLength === 0) return null;
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, HEAD_BYTES)).toString(
    'latin1',
  );
  const magic = MAGIC.get(type.essence);
  if (magic !== undefined) {
    return magic.some((mark) => head.startsWith(mark)) ? null : `no ${type.essence}`;
  }
  // Its readers look for the mark in the first kilobyte.
  if (type.essence === 'application/pdf') return head.includes('%PDF-') ? null : 'no application/pdf';
  const form = bodyForm(type);
  if (form === 'bytes' || form === 'json' || form === 'lines') return null;
  return textLie(body, head, type) ?? (form === 'text' ? null : markupLie(head, form));
}

/** Text has no zero bytes but in UTF-16 and UTF-32, and what is said to be UTF-8 is. */
function textLie(body: Uint8Array, head: string, { charset }: MediaType): string | null {
  const wide = charset.startsWith('utf-16') || charset.startsWith('utf-32');
  if (!wide && head.includes('\0') && !/^(?:\xff\xfe|\xfe\xff)/.test(head)) return 'binary, and not text';
  if (charset !== 'utf-8') return null;
  try {
    STRICT_UTF8.decode(body);
    return null;
  } catch {
    return 'not UTF-8';
  }
}

/** JSON under the name of HTML, and anything without a tag under the name of XML. */
function markupLie(head: string, form: 'html' | 'xml'): string | null {
  const start = head.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (form === 'xml') return start === '' || start.startsWith('<') ? null : 'no XML';
  return /^(?:\{\s*(?:"|\})|\[\s*(?:[{["\d\]]))/.test(start) ? 'JSON, and not HTML' : null;
}
