import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from './paths.ts';

/** Files of a certificate that nobody has signed, for 127.0.0.1. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** Both in one file. */
  readonly pemFile: string;
}

/**
 * Makes a certificate on P-256, valid for two days.
 * @returns null where there is no openssl
 * @throws when openssl fails
 */
export function makeCertificate(folder: string): Certificate | null {
  const openssl = findOnPath('openssl');
  if (openssl === null) return null;
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const pemFile = join(folder, 'both.pem');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = spawnSync(openssl, ['req', '-x509', ...key, ...name, '-days', '2', '-out', certFile], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`openssl ended with ${made.status}: ${made.stderr}`);
  writeFileSync(pemFile, readFileSync(certFile, 'utf8') + readFileSync(keyFile, 'utf8'), { mode: 0o600 });
  return { certFile, keyFile, pemFile };
}
