import { LIMITS } from '../../core/limits.ts';
import { revokedTokens } from '../compile-token.ts';
import type { Inputs } from '../inputs.ts';
import { readInput, readSecret } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey } from '../problem.ts';
import { entriesAt, itemsAt, textAt, valueAt } from '../view.ts';

/** Fields that frame a message, say where it comes from, or carry what a filter looks at. */
const TAKEN =
  /^(?:host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-.*|expect|traceparent|tracestate|idempotency-key|authorization|cookie|via|forwarded|range|if-.*|accept.*|x-forwarded-.*|x-real-ip|x-request-id|x-cutover-.*|ssl-client-.*|x-ssl-client-.*|client-cert.*|x-client-cert.*)$/i;

/** RFC 6750, section 2.1: what a token may be made of wherever it stands. */
const TOKEN_TEXT = /^[A-Za-z0-9._~+/-]+=*$/;

/** Where the token comes from, what is told of it and what copies get instead. */
export function checkTokenRules(raw: unknown, jwt: Path, inputs: Inputs): Finding[] {
  return [
    ...checkSource(raw, jwt),
    ...checkRequired(raw, jwt),
    ...checkForwarded(raw, jwt),
    ...checkSwap(raw, jwt, inputs),
    ...checkRevoked(raw, jwt, inputs),
  ];
}

function checkSource(raw: unknown, jwt: Path): Finding[] {
  const path = [...jwt, 'token', 'header'];
  const header = textAt(raw, path);
  if (header === null) return [];
  if (/^authorization$/i.test(header))
    return [error(path, 'Authorization: Bearer is where a token is looked for anyway', 'remove token')];
  return TAKEN.test(header) ? [error(path, 'this header means something else', 'for example: x-token')] : [];
}

/** Numbers that JSON rounds are nobody's (`auth/claims.ts`): a rule about one would let nobody in. */
function checkRequired(raw: unknown, jwt: Path): Finding[] {
  return itemsAt(raw, [...jwt, 'require']).flatMap((rule) => {
    const values = [[...rule, 'equals'], [...rule, 'contains'], ...itemsAt(raw, [...rule, 'oneOf'])];
    return values.flatMap((place) => {
      const value = valueAt(raw, place);
      if (typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return [];
      const hint = 'have such numbers written as text, and write text here';
      return [error(place, 'numbers above 2^53 are rounded when a token is read', hint)];
    });
  });
}

function checkForwarded(raw: unknown, jwt: Path): Finding[] {
  const seen = new Set<string>();
  const source = textAt(raw, [...jwt, 'token', 'header'])?.toLowerCase();
  return entriesAt(raw, [...jwt, 'forwardClaims']).flatMap(([header]) => {
    const path = [...jwt, 'forwardClaims', header];
    const name = header.toLowerCase();
    if (seen.has(name)) return [errorAtKey(path, 'this header stands here twice', 'names have no case')];
    seen.add(name);
    if (name === source)
      return [errorAtKey(path, 'the token comes in this header', 'tell claims in another one')];
    return TAKEN.test(name)
      ? [errorAtKey(path, 'this header belongs to the message or the gateway', 'for example: x-user')]
      : [];
  });
}

function checkSwap(raw: unknown, jwt: Path, inputs: Inputs): Finding[] {
  const path = [...jwt, 'copies', 'swap'];
  const file = textAt(raw, [...path, 'file']);
  const env = textAt(raw, [...path, 'env']);
  if (file === null && env === null) return [];
  const place = [...path, file === null ? 'env' : 'file'];
  const read = readSecret(inputs, file === null ? { env: env ?? '' } : { file });
  if (!read.ok) return [error(place, read.message, read.hint)];
  if (TOKEN_TEXT.test(read.text)) return [];
  return [error(place, 'this is no token', 'write the token alone, without Bearer')];
}

function checkRevoked(raw: unknown, jwt: Path, inputs: Inputs): Finding[] {
  const path = [...jwt, 'revoked', 'file'];
  const file = textAt(raw, path);
  if (file !== null) {
    const read = readInput(inputs, file, LIMITS.revokedBytes);
    if (!read.ok) return [error(path, read.message, read.hint)];
    const blank = revokedTokens(read.text).findIndex((line) => line !== line.trim());
    if (blank === -1) return [];
    return [error(path, `entry ${blank + 1} of the list has blanks around it`, 'write one jti a line')];
  }
  const list = valueAt(raw, [...jwt, 'revoked']);
  if (!Array.isArray(list) || list.length <= LIMITS.configEntries) return [];
  return [error([...jwt, 'revoked'], 'this list is too long', 'write it into a file: revoked: { file: … }')];
}
