import { LIMITS } from '../../core/limits.ts';
import { certificateNames, chainFault, readCertificates } from '../certificates.ts';
import type { Inputs } from '../inputs.ts';
import { readInput } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey } from '../problem.ts';
import { itemsAt, textAt, textsAt, valueAt } from '../view.ts';
import { checkClientAuth } from './client-auth.ts';

/** Every certificate of a listener: usable by itself, for names that no other has, and with clients that can prove themselves. */
export function checkCertificates(raw: unknown, tls: Path, inputs: Inputs): Finding[] {
  if (valueAt(raw, tls) === undefined) return [];
  const further = itemsAt(raw, [...tls, 'certificates']);
  const pairs = [tls, ...further].map((place) => checkPair(raw, place, inputs));
  const clients = [tls, ...further].flatMap((place) => checkClientAuth(raw, place, inputs));
  return [
    ...pairs.flat(),
    ...checkNames(raw, further, inputs),
    ...clients,
    ...checkForwarding(raw, tls, further),
  ];
}

function checkPair(raw: unknown, place: Path, inputs: Inputs): Finding[] {
  const cert = textOf(raw, [...place, 'cert'], inputs, LIMITS.certificateBytes);
  const key = textOf(raw, [...place, 'key'], inputs, LIMITS.privateKeyBytes);
  const unread = [...cert.findings, ...key.findings];
  if (cert.text === null) return unread;
  const fault = chainFault(cert.text, key.text);
  return fault === null ? unread : [...unread, error([...place, fault.about], fault.message, fault.hint)];
}

/** Of two certificates for one name nobody could say which a client gets. */
function checkNames(raw: unknown, places: readonly Path[], inputs: Inputs): Finding[] {
  const taken = new Map<string, number>();
  return places.flatMap((place, index) => {
    const { text } = textOf(raw, [...place, 'cert'], inputs, LIMITS.certificateBytes);
    const [leaf] = text === null ? [] : (readCertificates(text) ?? []);
    if (text === null || leaf === undefined) return [];
    const written = textsAt(raw, [...place, 'names']).map((name) => ({
      ...name,
      text: name.text.toLowerCase(),
    }));
    const isNamed = valueAt(raw, [...place, 'names']) !== undefined;
    const names = isNamed
      ? written
      : certificateNames(text).map((name) => ({ text: name, path: [...place, 'cert'] }));
    if (names.length === 0 && !isNamed)
      return [error([...place, 'cert'], 'this certificate is for no name', 'add names: [shop.example.com]')];
    return names.flatMap(({ text: name, path }) => {
      const before = taken.get(name);
      taken.set(name, before ?? index);
      const isCovered = certificateNames(text).includes(name) || leaf.checkHost(name) !== undefined;
      if (!isCovered) return [error(path, `the certificate is not for ${name}`, 'name what stands in it')];
      if (before === undefined) return [];
      const hint = 'write names: [NAME] at each, so that every name has one certificate';
      return [error(path, `certificates[${before}] is for ${name}, too`, hint)];
    });
  });
}

function checkForwarding(raw: unknown, tls: Path, further: readonly Path[]): Finding[] {
  const key = [...tls, 'forwardClientCert'];
  if (valueAt(raw, key) === undefined) return [];
  const isAsked = [tls, ...further].some((place) => {
    const mode = textAt(raw, [...place, 'clientAuth']);
    return mode !== null && mode !== 'none';
  });
  if (isAsked) return [];
  return [
    errorAtKey(key, 'no client is asked for a certificate here', 'add clientAuth: required, or remove it'),
  ];
}

interface Content {
  readonly text: string | null;
  readonly findings: readonly Finding[];
}

/** The content of a file that a key names. A key that is missing or no text is the schema's to refuse. */
export function textOf(raw: unknown, path: Path, inputs: Inputs, limitBytes: number): Content {
  const file = textAt(raw, path);
  if (file === null || file === '') return { text: null, findings: [] };
  const read = readInput(inputs, file, limitBytes);
  if (!read.ok) return { text: null, findings: [error(path, read.message, read.hint)] };
  return { text: read.text, findings: [] };
}
