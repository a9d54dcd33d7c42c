import { LIMITS } from '../../core/limits.ts';
import { readCertificates } from '../certificates.ts';
import { isLoopback } from '../fields-net.ts';
import type { Inputs } from '../inputs.ts';
import { absolute, readInput } from '../inputs.ts';
import type { Finding } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import { parseServer } from '../server-text.ts';
import type { Source } from '../source.ts';
import { itemsAt, textAt, valueAt } from '../view.ts';

const INDEXER = ['siem', 'indexer'];

/** A SIEM that can be asked without giving its password away, and answers that mean something. */
export function checkSiem(source: Source, inputs: Inputs): Finding[] {
  const { raw } = source;
  return [...checkFile(raw, inputs), ...checkGate(raw), ...checkIndexer(raw, inputs)];
}

/** Lines of two kinds in one file would be no lines for either reader. */
function checkFile(raw: unknown, inputs: Inputs): Finding[] {
  const path = ['siem', 'events', 'file'];
  const [file, log] = [textAt(raw, path), textAt(raw, ['accessLog', 'file'])];
  if (file === null || log === null || absolute(inputs, file) !== absolute(inputs, log)) return [];
  return [error(path, 'the access log is written to this file', 'give the events a file of their own')];
}

function checkGate(raw: unknown): Finding[] {
  const gate = ['rollout', 'gates', 'siem'];
  if (valueAt(raw, gate) === undefined || valueAt(raw, INDEXER) !== undefined) return [];
  return [errorAtKey(gate, 'nobody asks the SIEM: there is no siem.indexer', 'add siem.indexer')];
}

function checkIndexer(raw: unknown, inputs: Inputs): Finding[] {
  if (valueAt(raw, INDEXER) === undefined) return [];
  const findings: Finding[] = [];
  if (valueAt(raw, ['siem', 'events']) === undefined) {
    const hint = 'add siem: { events: { file: ./cutover-siem.json } }';
    findings.push(errorAtKey(INDEXER, 'without siem.events it can never find a heartbeat of ours', hint));
  }
  if (itemsAt(raw, ['rollout', 'regional', 'steps']).length === 0) {
    const hint = 'add rollout.regional.steps';
    findings.push({ ...warning(INDEXER, 'no phase asks it: there are no regional steps', hint), at: 'key' });
  }
  return [...findings, ...checkTransport(raw, inputs)];
}

/** Basic authentication is the password itself, in every request. */
function checkTransport(raw: unknown, inputs: Inputs): Finding[] {
  const [url, ca] = [
    [...INDEXER, 'url'],
    [...INDEXER, 'ca'],
  ];
  const read = parseServer(textAt(raw, url) ?? '');
  if (!('server' in read)) return [];
  const { scheme, host, port } = read.server;
  // A unix socket is refused by the schema.
  if (port === 0) return [];
  if (scheme === 'http' && !isLoopback(host))
    return [error(url, 'the password would be sent in the clear', 'write https://')];
  const file = textAt(raw, ca);
  if (file === null || file === '') return [];
  if (scheme === 'http')
    return [errorAtKey(ca, 'this indexer speaks no TLS', 'write https://, or remove ca')];
  const content = readInput(inputs, file, LIMITS.certificateBytes);
  if (!content.ok) return [error(ca, content.message, content.hint)];
  if (readCertificates(content.text) !== null) return [];
  return [error(ca, 'there is no certificate in this file', 'write a file with -----BEGIN CERTIFICATE-----')];
}
