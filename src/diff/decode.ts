import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { LIMITS } from '../core/limits.ts';

const NO_CODINGS: readonly string[] = [];

/** A body without its content codings, or why it has none. */
type Decoding =
  | { readonly ok: true; readonly body: Uint8Array }
  /** `lies`: it is not what its coding says; else it is only beyond what is done for it. */
  | { readonly ok: false; readonly problem: string; readonly lies: boolean; readonly tooLarge?: boolean };

/** What Node.js answers when it is asked for `info`; its types know only of a buffer. */
interface Decoded {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: bytes of the input that were taken. */
  readonly engine: { readonly bytesWritten: number };
}

type Decoder = (body: Uint8Array) => unknown;

/** Codings applied one over another; nobody honest uses more. */
const CODINGS = 3;
const bounded = { maxOutputLength: LIMITS.decodedBytes, info: true };

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', (body) => gunzipSync(body, bounded)],
  ['br', (body) => brotliDecompressSync(body, bounded)],
  ['zstd', (body) => zstdDecompressSync(body, bounded)],
  ['deflate', inflate],
]);

/** `deflate` is zlib by the book (RFC 9110, section 8.4.1.2) and raw deflate in many servers. */
function inflate(body: Uint8Array): unknown {
  const zlib = ((body[0] ?? 0) & 0x0f) === 8 && (((body[0] ?? 0) << 8) | (body[1] ?? 0)) % 31 === 0;
  return zlib ? inflateSync(body, bounded) : inflateRawSync(body, bounded);
}

/**
 * The codings of a message in one writing and in the order they were applied; `identity` is none.
 * @param values every `Content-Encoding` value
 */
export function contentCodings(values: readonly string[]): readonly string[] {
  if (values.length === 0) return NO_CODINGS;
  return values
    .join(',')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim().replace(/^x-/, ''))
    .filter((each) => each !== '' && each !== 'identity');
}

/** Undoes the codings, the last one first. It never throws and never yields more than `LIMITS.decodedBytes`. */
export function decode(body: Uint8Array, codings: readonly string[]): Decoding {
  if (codings.length > CODINGS) return { ok: false, problem: `${codings.length} codings`, lies: false };
  let decoded = body;
  for (const coding of codings.toReversed()) {
    const decoder = DECODERS.get(coding);
    if (decoder === undefined) return { ok: false, problem: 'a coding that is not known', lies: false };
    try {
      // An empty body has nothing to decode: servers label it all the same.
      if (decoded.byteLength === 0) continue;
      const { buffer, engine } = decoder(decoded) as Decoded;
      // What stands behind the end reaches the client, and no decoder looks at it.
      const rest = decoded.byteLength - engine.bytesWritten;
      if (rest !== 0) return { ok: false, problem: `${rest} bytes after the end of ${coding}`, lies: true };
      decoded = buffer;
    } catch (thrown) {
      return { ok: false, ...problemOf(coding, thrown) };
    }
  }
  return { ok: true, body: decoded };
}

function problemOf(coding: string, thrown: unknown): { problem: string; lies: boolean; tooLarge?: boolean } {
  const tooLarge = thrown instanceof Error && (thrown as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
  if (tooLarge)
    return { problem: `decodes to more than ${LIMITS.decodedBytes} bytes`, lies: false, tooLarge: true };
  return { problem: `does not decode as ${coding}`, lies: true };
}
