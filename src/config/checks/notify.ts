import { isLoopback } from '../fields-net.ts';
import { isHookSecret, parseHook } from '../hook-url.ts';
import type { Inputs } from '../inputs.ts';
import { readSecret } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, warning } from '../problem.ts';
import type { Source } from '../source.ts';
import { itemsAt, textAt } from '../view.ts';

/** Receivers that are told once, over a line that nobody reads, with a secret that is one. */
export function checkNotify(source: Source, inputs: Inputs): Finding[] {
  const { raw } = source;
  const receivers = itemsAt(raw, ['notify']);
  const seen = new Set<string>();
  return receivers.flatMap((item) => [
    ...checkUrl(raw, [...item, 'url'], seen),
    ...checkSecret(raw, [...item, 'secret'], inputs),
    ...checkSecret(raw, [...item, 'previousSecret'], inputs),
  ]);
}

function checkUrl(raw: unknown, path: Path, seen: Set<string>): Finding[] {
  const read = parseHook(textAt(raw, path) ?? '');
  if (!('url' in read)) return [];
  const { href, protocol, hostname } = read.url;
  if (seen.has(href)) return [error(path, 'another receiver has this URL', 'name its events in one list')];
  seen.add(href);
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return [];
  const hint = 'use https: who reads along learns endpoints, names and reasons';
  return [warning(path, 'plain HTTP leaves this machine', hint)];
}

/** What cannot be read at all is said by the check of secrets. */
function checkSecret(raw: unknown, path: Path, inputs: Inputs): Finding[] {
  const file = textAt(raw, [...path, 'file']);
  const env = textAt(raw, [...path, 'env']);
  if (file === null && env === null) return [];
  const read = readSecret(inputs, file === null ? { env: env ?? '' } : { file });
  if (!read.ok || isHookSecret(read.text)) return [];
  const hint = 'make one: echo "whsec_$(openssl rand -base64 32)"';
  return [
    error([...path, file === null ? 'env' : 'file'], 'expected whsec_ and 24 to 64 bytes in base64', hint),
  ];
}
