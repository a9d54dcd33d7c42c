import { LIMITS } from '../core/limits.ts';
import type { FilterConfig } from '../core/snapshot.ts';
import type { Inputs } from './inputs.ts';
import { readInput } from './inputs.ts';
import { readKeySet } from '../core/key-set.ts';
import type { Config } from './schema.ts';

/** A filter with the content of its files. */
export function compileFilter(name: string, entry: Config['filters'][string], inputs: Inputs): FilterConfig {
  const { jwt } = entry;
  return {
    kind: 'jwt',
    name,
    enforceAt: entry.enforceAt,
    jwks: keySet(inputs, jwt.jwks.file),
    issuer: jwt.issuer ?? null,
    audience: jwt.audience ?? null,
    algorithms: jwt.algorithms,
    clockToleranceS: Math.round(jwt.clockTolerance / 1000),
  };
}

/** Checked once before; read again here, and checked again, because the file may have changed in between. */
function keySet(inputs: Inputs, file: string): string {
  const read = readInput(inputs, file, LIMITS.jwksBytes);
  const set = read.ok ? readKeySet(read.text) : null;
  if (set?.ok === true) return set.text;
  throw new Error('a key set changed while it was read');
}
