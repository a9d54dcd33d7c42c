import { z } from 'zod';
import { FORWARDED_KEYS } from '../core/snapshot.ts';
import type { NameRule } from '../core/snapshot.ts';
import { list, matching, named, positiveDuration, say, section, text, whole, word } from './fields.ts';
import { readNameRule } from './name-rules.ts';

/** A name of one kind that is let in. */
function nameRule(type: NameRule['type'], description: string, example: string) {
  return z
    .string({ error: say('expected text', `for example: ${example}`) })
    .meta({ description, examples: [example] })
    .transform((value, context): NameRule => {
      const rule = readNameRule(type, value);
      if ('match' in rule) return rule;
      context.addIssue({ code: 'custom', message: say(rule.message, rule.hint) });
      return z.NEVER;
    });
}

const SERVER_NAME = /^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const serverName = matching(
  'a name that gets this certificate',
  SERVER_NAME,
  'a host name, or *.NAME for one label before it',
  'shop.example.com',
);

const trustDomainKey = z.string().regex(/^[a-z0-9._-]{1,255}$/, {
  error:
    'expected a SPIFFE trust domain\nlower-case letters, digits, dots, dashes and underscores, without spiffe://',
});

const clientPolicy = section(
  {
    names: section(
      {
        uri: list(
          nameRule('uri', 'a URI, or one with * for all below it', 'spiffe://shop.example/ns/*'),
          'URIs',
          1,
        ).optional(),
        dns: list(nameRule('dns', 'a host name, or *.NAME', '*.clients.example'), 'host names', 1).optional(),
        email: list(
          nameRule('email', 'an e-mail address, or *@DOMAIN', 'ops@shop.example'),
          'e-mail addresses',
          1,
        ).optional(),
      },
      'one of these has to be among the alternative names; the common name is never looked at',
    ).optional(),
    trustDomains: named(
      text('its authorities (PEM)', './tls/shop-bundle.pem'),
      trustDomainKey,
      'SPIFFE: a client is of the domain whose authorities have made its certificate',
    ).optional(),
    pins: list(
      matching(
        'SHA-256 of a public key (SPKI), base64',
        /^[A-Za-z0-9+/]{43}=$/,
        '44 characters of base64',
        `${'A'.repeat(43)}=`,
      ),
      'public keys that are let in',
      1,
    ).optional(),
    maxDepth: whole('authorities above the certificate of a client, the root included', 1, 9, 2).optional(),
    minRsaBits: whole('shortest RSA key', 2_048, 16_384, 2_048).prefault(2_048),
    minEcBits: whole('shortest key on an elliptic curve', 256, 521, 256).prefault(256),
    maxLifetime: positiveDuration('longest time from the first to the last day of a certificate').optional(),
  },
  'what the certificate of a client has to be, beside being valid and for clients',
);

const client = {
  clientAuth: word('whether clients show a certificate', ['none', 'optional', 'required']).optional(),
  clientCa: text('authorities that clients are verified by (PEM)', './tls/clients-ca.pem').optional(),
  crl: text('lists of revoked certificates (PEM), one of each authority', './tls/clients.crl').optional(),
  crlFailure: word('a list that is out of date: closed lets nobody in, open whoever is not in it', [
    'closed',
    'open',
  ]).optional(),
  clientPolicy: clientPolicy.optional(),
};

/** HTTPS of one listener. */
export const tlsSchema = section(
  {
    cert: text('certificate chain (PEM), the own certificate first', './tls/fullchain.pem'),
    key: text('private key (PEM) without a passphrase', './tls/privkey.pem'),
    certificates: list(
      section(
        {
          cert: text('certificate chain (PEM)', './tls/shop.pem'),
          key: text('its private key (PEM)', './tls/shop.key'),
          names: list(serverName, 'names that get it; those in the certificate if left out', 1).optional(),
          ...client,
        },
        'another certificate; without clientAuth clients prove themselves as the listener says',
      ),
      'certificates for names of their own (SNI); cert is for every other one',
    ).optional(),
    alpn: list(word('a protocol', ['h2', 'http/1.1']), 'what clients may speak, the preferred first', 1)
      .refine((names) => new Set(names).size === names.length, {
        error: 'a protocol is named twice\nname it once',
      })
      .prefault(['http/1.1']),
    unknownName: word('a client that asks for a name without a certificate, or for none', [
      'default',
      'refuse',
    ]).optional(),
    ...client,
    forwardClientCert: list(
      word('what servers are told about a client', FORWARDED_KEYS),
      'keys of X-Forwarded-Client-Cert; none is sent if left out',
      1,
    ).optional(),
  },
  'HTTPS instead of HTTP',
);

export type TlsSettings = z.output<typeof tlsSchema>;
/** One certificate, with what clients have to prove to get on. */
export type CertificateSettings = NonNullable<TlsSettings['certificates']>[number];
