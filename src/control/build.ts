import { readFileSync } from 'node:fs';

/** The version in package.json, two levels above both src/control and dist/control: it names a build. */
export function buildName(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
