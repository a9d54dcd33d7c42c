import { readFileSync, statSync } from 'node:fs';
import type { AdminClientOptions } from '../control/admin-client.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Options } from './options.ts';

/** What the environment says about a gateway on another machine; flags count more. */
export function elsewhere(env: Io['env']): Partial<Options> {
  const { CUTOVER_ADMIN, CUTOVER_ADMIN_CA, CUTOVER_ADMIN_CERT, CUTOVER_ADMIN_KEY } = env;
  const found = {
    admin: CUTOVER_ADMIN,
    ca: CUTOVER_ADMIN_CA,
    cert: CUTOVER_ADMIN_CERT,
    key: CUTOVER_ADMIN_KEY,
    tokenFile: env['CUTOVER_ADMIN_TOKEN_FILE'],
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== ''));
}

/** The gateway is on another machine: `--admin https://gw1.internal:9902`. */
export function isRemote({ admin }: Pick<Options, 'admin'>): boolean {
  return admin !== undefined && /^https:/i.test(admin);
}

/** Where it is, and what is shown there: a certificate, a token, or both. @throws CutoverError USAGE, CREDENTIALS */
export function remoteOf(options: Options): AdminClientOptions {
  const { ca, cert, key, tokenFile } = options;
  if ((cert === undefined) !== (key === undefined))
    throw usage('--cert and --key belong together', 'name both, or a token: --token-file FILE');
  if (cert === undefined && tokenFile === undefined)
    throw usage(
      'nothing is named that this gateway could know you by',
      'add --cert FILE --key FILE, or --token-file FILE',
    );
  return {
    address: hostOf(options.admin ?? ''),
    tls: {
      ...(ca === undefined ? {} : { ca: contentOf(ca) }),
      ...(cert === undefined ? {} : { cert: contentOf(cert) }),
      ...(key === undefined ? {} : { key: secretOf(key) }),
    },
    ...(tokenFile === undefined ? {} : { token: tokenOf(tokenFile) }),
  };
}

function hostOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && url.host !== '' && `${url.origin}/` === url.href) return url.host;
  throw usage(`${text} is no address of an admin API`, 'write https://HOST:PORT');
}

function tokenOf(file: string): string {
  const token = secretOf(file).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw credentials(`${file} holds no token`, 'write one line without spaces');
}

/** A secret that others can read is none any more. */
function secretOf(file: string): string {
  const text = contentOf(file);
  if ((statSync(file).mode & 0o077) === 0) return text;
  throw credentials(`others can read ${file}`, `chmod 600 ${file}`);
}

function contentOf(file: string): string {
  try {
    if (statSync(file).size <= LIMITS.certificateBytes) return readFileSync(file, 'utf8');
  } catch (error) {
    throw credentials(`${file} cannot be read: ${messageOf(error)}`, 'name a file that this user can read');
  }
  throw credentials(`${file} has more than ${LIMITS.certificateBytes} bytes`, 'name another file');
}

function usage(message: string, hint: string): CutoverError {
  return new CutoverError('USAGE', message, { hint, exitCode: EXIT.usage });
}

function credentials(message: string, hint: string): CutoverError {
  return new CutoverError('CREDENTIALS', message, { hint, exitCode: EXIT.usage });
}
