import { readFileSync } from 'node:fs';
import type { Certificate } from './certificate.ts';
import type { Task } from './subjects/subject.ts';

/** What stands between `#@tls`, `#@clients` or `#@tokens` and `#@end`, each on a line of its own. */
const PART = /^[ \t]*#@(tls|clients|tokens)[ \t]*\n([\s\S]*?)^[ \t]*#@end[ \t]*\n/gm;

/** What clients have to show. */
type Asked = Pick<Task, 'clientCaFile' | 'keys'>;

/** A committed configuration of a rival: with the files of this task, or without the parts that need them. */
export function configText(text: string, certificate: Certificate | null, asked: Asked = {}): string {
  const files: Record<string, string | undefined> = {
    tls: certificate?.pemFile,
    clients: certificate === null ? undefined : asked.clientCaFile,
    tokens: asked.keys?.publicKeyFile,
  };
  return text.replace(PART, (_, kind: string, part: string) =>
    files[kind] === undefined
      ? ''
      : part
          .replaceAll(/\btls\.pem\b/g, certificate?.pemFile ?? '')
          .replaceAll(/\bclients\.pem\b/g, asked.clientCaFile ?? '')
          .replaceAll(/\btoken-key\.pem\b/g, asked.keys?.publicKeyFile ?? ''),
  );
}

/** Reads a file of this folder. */
export function readConfig(file: string, certificate: Certificate | null, asked: Asked = {}): string {
  return configText(readFileSync(new URL(`./${file}`, import.meta.url), 'utf8'), certificate, asked);
}
