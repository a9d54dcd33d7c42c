import { LIMITS } from '../core/limits.ts';
import type { ClientAuth, ClientPolicy } from '../core/snapshot.ts';
import { certificateNames } from './certificates.ts';
import type { Inputs } from './inputs.ts';
import { readInput } from './inputs.ts';
import type { CertificateSettings, TlsSettings } from './schema-tls.ts';

type ClientSettings = Pick<
  CertificateSettings,
  'clientAuth' | 'clientCa' | 'crl' | 'crlFailure' | 'clientPolicy'
>;

/** How clients prove themselves at one certificate; undefined: they need not. */
export function compileClientAuth(settings: ClientSettings, inputs: Inputs): ClientAuth | undefined {
  const { clientAuth = 'none', clientCa, crl, crlFailure = 'closed' } = settings;
  if (clientAuth === 'none') return undefined;
  const policy = compilePolicy(settings.clientPolicy, inputs);
  const own = clientCa === undefined ? [] : [fileText(inputs, clientCa, LIMITS.certificateBytes)];
  return {
    mode: clientAuth,
    ca: [...own, ...policy.trustDomains.map(({ ca }) => ca)].join('\n'),
    crl: crl === undefined ? null : fileText(inputs, crl, LIMITS.revocationListBytes),
    crlFailure,
    policy,
  };
}

function compilePolicy(settings: CertificateSettings['clientPolicy'], inputs: Inputs): ClientPolicy {
  const {
    names = {},
    trustDomains = {},
    pins = [],
    maxDepth = 0,
    minRsaBits,
    minEcBits,
    maxLifetime,
  } = settings ?? {};
  const { uri = [], dns = [], email = [] } = names;
  return {
    names: [...uri, ...dns, ...email],
    trustDomains: Object.entries(trustDomains).map(([name, file]) => ({
      name,
      ca: fileText(inputs, file, LIMITS.certificateBytes),
    })),
    pins,
    maxDepth,
    minRsaBits: minRsaBits ?? LIMITS.clientRsaBits,
    minEcBits: minEcBits ?? LIMITS.clientEcBits,
    maxLifetimeMs: maxLifetime ?? 0,
  };
}

/** What a certificate inherits from its listener when it says nothing about clients itself. */
export function clientSettings(own: CertificateSettings, listener: TlsSettings): ClientSettings {
  return own.clientAuth === undefined ? listener : own;
}

/** The names that get a certificate: those that were written, else those in it. */
export function namesOf(names: readonly string[] | undefined, pem: string): readonly string[] {
  return names?.map((name) => name.toLowerCase()) ?? certificateNames(pem);
}

/** The content of a file that was checked before. @throws when it changed since */
export function fileText(inputs: Inputs, file: string, limitBytes: number): string {
  const read = readInput(inputs, file, limitBytes);
  if (read.ok) return read.text;
  throw new Error('a certificate or key changed while it was read');
}
