import { readFileSync } from 'node:fs';
import type { Certificate } from './certificate.ts';

/** What stands between `#@tls` and `#@end`, each on a line of its own. */
const TLS_PART = /^[ \t]*#@tls[ \t]*\n([\s\S]*?)^[ \t]*#@end[ \t]*\n/gm;

/** A committed configuration of a rival: with the certificate's file, or without its part for TLS. */
export function configText(text: string, certificate: Certificate | null): string {
  return text.replace(TLS_PART, (_, part: string) =>
    certificate === null ? '' : part.replaceAll(/\btls\.pem\b/g, certificate.pemFile),
  );
}

/** Reads a file of this folder. */
export function readConfig(file: string, certificate: Certificate | null): string {
  return configText(readFileSync(new URL(`./${file}`, import.meta.url), 'utf8'), certificate);
}
