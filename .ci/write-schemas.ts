/**
 * Writes `docs/schema/<name>.json` from the schemas in the code. Run it after a change of one:
 *   node .ci/write-schemas.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { schemas, schemaText } from '../src/cli/schemas.ts';
import type { SchemaName } from '../src/cli/schemas.ts';

const folder = new URL('../docs/schema/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const name of Object.keys(schemas) as SchemaName[]) {
  writeFileSync(new URL(`${name}.json`, folder), schemaText(name));
}
