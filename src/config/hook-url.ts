import { LIMITS } from '../core/limits.ts';

/** The URL of a receiver, or why a text is none. */
export type HookText = { readonly url: URL } | { readonly message: string; readonly hint: string };

const EXAMPLE = 'for example: https://hooks.example.com/cutover';

/** Reads the URL of a receiver. Never quotes the text: its path may be what keeps others out. */
export function parseHook(text: string): HookText {
  const url = text.length <= LIMITS.notifyUrlChars ? URL.parse(text) : null;
  if (url === null || /\s/.test(text)) return { message: 'this URL cannot be read', hint: EXAMPLE };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { message: 'expected a URL that starts with https://', hint: EXAMPLE };
  }
  if (url.username !== '' || url.password !== '') {
    const hint = 'remove the part before the @: every notification is signed';
    return { message: 'a receiver takes no user and password', hint };
  }
  if (url.hash !== '') return { message: 'a URL with a # names no receiver', hint: EXAMPLE };
  return { url };
}

const PREFIX = 'whsec_';

/** Bytes of a secret: what the Standard Webhooks specification asks for. */
const [LEAST_BYTES, MOST_BYTES] = [24, 64];

/** Whether a text is a secret of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
export function isHookSecret(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  const written = text.slice(PREFIX.length);
  const bytes = Buffer.from(written, 'base64');
  const exact = bytes.toString('base64').replace(/=+$/, '') === written.replace(/=+$/, '');
  return exact && bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES;
}
