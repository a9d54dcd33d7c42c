import type { z } from 'zod';
import { ADMIN_ROLES } from '../core/admin-role.ts';
import { LIMITS } from '../core/limits.ts';
import { ONE_KEY, list, matching, section, text, word } from './fields.ts';
import { addressField } from './fields-net.ts';
import { clientFields, nameRule } from './schema-tls.ts';

const token = section(
  {
    file: text('a file that holds it', '/run/secrets/cutover-ci').optional(),
    env: text('a variable that holds it', 'CUTOVER_CI_TOKEN').optional(),
  },
  `the token, by reference: at least ${LIMITS.adminTokenChars} characters of chance`,
)
  .refine((ref) => Object.keys(ref).length === 1, {
    error: 'expected exactly one of: file, env\nfor example: { file: /run/secrets/cutover-ci }',
  })
  .meta(ONE_KEY);

const certificateName = section(
  {
    uri: nameRule('uri', 'a URI, or one with * for all below it', 'spiffe://shop.example/ops/*').optional(),
    dns: nameRule('dns', 'a host name, or *.NAME', '*.ci.example').optional(),
    email: nameRule('email', 'an e-mail address, or *@DOMAIN', 'ops@shop.example').optional(),
  },
  'a name in the certificate of a client; the common name is never looked at',
)
  .refine((names) => Object.keys(names).length === 1, {
    error: 'expected exactly one of: uri, dns, email\nfor example: { uri: spiffe://shop.example/ops/* }',
  })
  .meta(ONE_KEY);

const PROOFS = ['token', 'certificate', 'jwt'] as const;

const principal = section(
  {
    name: matching(
      'what the history calls it, after the @',
      /^[a-z0-9][a-z0-9-]{0,23}$/,
      'up to 24 lower-case letters, digits and dashes',
      'release-ci',
    ),
    role: word(
      'read looks, operate moves the rollout by its rules, admin goes on against the gates',
      ADMIN_ROLES,
    ),
    token: token.optional(),
    certificate: certificateName.optional(),
    jwt: text('the filter whose policy its tokens meet: issuers, audience, claims', 'admins').optional(),
  },
  'somebody who may ask',
).refine((one) => PROOFS.filter((key) => one[key] !== undefined).length === 1, {
  error: `expected exactly one of: ${PROOFS.join(', ')}\nfor example: certificate: { uri: spiffe://shop.example/ops/* }`,
});

const remote = section(
  {
    address: addressField('where it listens', '0.0.0.0:9902'),
    tls: section(
      {
        cert: text('certificate chain (PEM), the own certificate first', './tls/admin.pem'),
        key: text('private key (PEM) without a passphrase', './tls/admin.key'),
        ...clientFields,
      },
      'there is no remote admin API without TLS',
    ),
    principals: list(principal, 'who may ask, the first that fits; nobody else', 1).refine(
      (all) => all.length <= LIMITS.adminPrincipals,
      { error: `more than ${LIMITS.adminPrincipals} principals\nlet a certificate rule stand for many` },
    ),
  },
  'the admin API for other machines, beside the one on loopback',
);

/** Where the admin API listens on this machine. */
export const DEFAULT_ADMIN_ADDRESS = '127.0.0.1:9901';

/** The admin API. */
export const adminSchema = section(
  {
    address: addressField('loopback address of the admin API', DEFAULT_ADMIN_ADDRESS).prefault(
      DEFAULT_ADMIN_ADDRESS,
    ),
    remote: remote.optional(),
  },
  'the admin API',
);

export type RemoteAdminSettings = z.output<typeof remote>;
