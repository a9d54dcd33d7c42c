import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { wallMs } from '../core/clock.ts';
import { messageOf, systemCode } from '../core/errors.ts';
import { alternativeNamesOf, extensionsOf, OID } from '../core/x509.ts';

/** What is wrong with a certificate or a key, as a message and a hint; no text of a file is in either. */
export interface CertificateFault {
  readonly about: 'cert' | 'key';
  readonly message: string;
  readonly hint: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const DAY_MS = 86_400_000;

/** The certificates of a PEM text in their order, or null when one cannot be read or there is none. */
export function readCertificates(pem: string): X509Certificate[] | null {
  const blocks = pem.match(BLOCK) ?? [];
  try {
    return blocks.length === 0 ? null : blocks.map((block) => new X509Certificate(block));
  } catch {
    return null;
  }
}

/** The names (DNS) of the first certificate of a PEM text, in lower case: those that a client can ask for. */
export function certificateNames(pem: string): string[] {
  const [leaf] = readCertificates(pem) ?? [];
  const extension = leaf === undefined ? undefined : extensionsOf(leaf.raw)?.get(OID.subjectAltName);
  const names = extension === undefined ? [] : (alternativeNamesOf(extension)?.dnsNames ?? []);
  return names.filter((name) => SERVER_NAME.test(name)).map((name) => name.toLowerCase());
}

const SERVER_NAME = /^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** Why a listener cannot use this chain and key, or null. */
export function chainFault(cert: string, key: string | null): CertificateFault | null {
  const chain = readCertificates(cert);
  const [leaf] = chain ?? [];
  if (chain === null || leaf === undefined) {
    const hint = 'write a file with -----BEGIN CERTIFICATE-----, the own certificate first';
    return { about: 'cert', message: 'there is no certificate in this file', hint };
  }
  return timeFault(chain) ?? (key === null ? null : keyFault(chain, leaf, cert, key));
}

function timeFault(chain: readonly X509Certificate[]): CertificateFault | null {
  const nowMs = wallMs();
  for (const { validFromDate, validToDate, subject } of chain) {
    const name = subject.replaceAll('\n', ', ');
    const day = (date: Date): string => date.toISOString().slice(0, 10);
    if (validToDate.getTime() < nowMs) {
      const message = `the certificate of ${name} expired on ${day(validToDate)}`;
      return { about: 'cert', message, hint: 'renew it' };
    }
    if (validFromDate.getTime() > nowMs + DAY_MS) {
      const message = `the certificate of ${name} is valid from ${day(validFromDate)} on only`;
      return { about: 'cert', message, hint: 'wait for that day, or look at the clock of this machine' };
    }
  }
  return null;
}

function keyFault(
  chain: readonly X509Certificate[],
  leaf: X509Certificate,
  cert: string,
  key: string,
): CertificateFault | null {
  const about = 'key';
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(key)) {
    const hint =
      'write it without a passphrase and readable by this user only: openssl pkey -in FILE -out KEY';
    return { about, message: 'this private key needs a passphrase', hint };
  }
  try {
    const secret = createPrivateKey(key);
    if (!leaf.checkPrivateKey(secret)) {
      const isMisplaced = chain.some((other) => other.checkPrivateKey(secret));
      if (isMisplaced)
        return { about: 'cert', message: 'the own certificate is not the first', hint: 'put it first' };
      return {
        about,
        message: 'this private key does not belong to the certificate',
        hint: 'name the key it was made with',
      };
    }
  } catch {
    return {
      about,
      message: 'there is no private key in this file',
      hint: 'write a PEM file with -----BEGIN PRIVATE KEY-----',
    };
  }
  return contextFault(cert, key);
}

/** What OpenSSL itself says: a key that is too short, say. */
function contextFault(cert: string, key: string): CertificateFault | null {
  try {
    createSecureContext({ cert, key });
    return null;
  } catch (thrown) {
    const why = systemCode(thrown) || messageOf(thrown);
    return {
      about: 'cert',
      message: `this certificate cannot be used (${why})`,
      hint: 'use a key of RSA 2048 or P-256',
    };
  }
}
