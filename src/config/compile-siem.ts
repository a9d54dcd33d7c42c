import { LIMITS } from '../core/limits.ts';
import { readCertificates } from './certificates.ts';
import type { Inputs } from './inputs.ts';
import { absolute, readInput, readSecret } from './inputs.ts';
import type { SiemConfig, SiemMargins } from './plan.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';

type Siem = NonNullable<Config['siem']>;

/** What the SIEM is told and asked, with its secrets; null where nobody wants either. */
export function compileSiem({ siem, rollout }: Config, inputs: Inputs): SiemConfig | null {
  if (siem === undefined) return null;
  const { events, indexer } = siem;
  return {
    events:
      events === undefined
        ? null
        : {
            file: absolute(inputs, events.file),
            heartbeatMs: events.heartbeat,
            maxBytes: events.maxBytes,
            keep: events.keep,
          },
    indexer: indexer === undefined ? null : compileIndexer(indexer, rollout.window, inputs),
  };
}

function compileIndexer(
  indexer: NonNullable<Siem['indexer']>,
  windowMs: number,
  inputs: Inputs,
): NonNullable<SiemConfig['indexer']> {
  const { url, version, index, username, lag, span, interval, timeout } = indexer;
  const password = readSecret(inputs, indexer.password);
  if (!password.ok) throw new Error('a secret of siem changed while it was read');
  return {
    url,
    version: version === 5 ? 5 : 4,
    index: index ?? null,
    username,
    password: password.text,
    ca: indexer.ca === undefined ? null : authority(indexer.ca, inputs),
    lagMs: lag,
    spanMs: span,
    intervalMs: interval ?? Math.min(windowMs, LIMITS.siemIntervalMs),
    timeoutMs: timeout,
  };
}

function authority(file: string, inputs: Inputs): string {
  const read = readInput(inputs, file, LIMITS.certificateBytes);
  if (!read.ok || readCertificates(read.text) === null)
    throw new Error('a certificate changed while it was read');
  return read.text;
}

/** What the gates make of alerts: only where somebody asks for them. */
export function compileSiemGate({ siem, rollout }: Config): {
  readonly rule?: SiemMargins;
  readonly freshMs?: number;
} {
  const { indexer } = siem ?? {};
  if (indexer === undefined) return {};
  const intervalMs = indexer.interval ?? Math.min(rollout.window, LIMITS.siemIntervalMs);
  // One answer may be lost or late; after that nobody knows.
  return { rule: rollout.gates.siem, freshMs: 2 * intervalMs + 2 * indexer.timeout };
}

/** Where its secrets stand in the compiled configuration. */
export function siemPlaces({ siem }: Config): Path[] {
  return siem?.indexer === undefined ? [] : [['node', 'siem', 'indexer', 'password']];
}
