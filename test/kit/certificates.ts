import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './shared-data.ts';

/** Where the certificates of the tests lie; `make.sh` there makes them. */
export const CERTIFICATES = join(REPOSITORY, 'test/kit/certificates');

/** The text of one of them: `ca.pem`, `server.key`. */
export function certificate(file: string): string {
  return readFileSync(join(CERTIFICATES, file), 'utf8');
}

/** The server's certificate with its key, made by {@link CA}: for `localhost`, `server.test`, 127.0.0.1 and ::1. */
export const SERVER_TLS = { cert: certificate('server.pem'), key: certificate('server.key') };
export const CA = certificate('ca.pem');
