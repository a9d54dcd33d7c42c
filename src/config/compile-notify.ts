import type { Inputs, SecretRef } from './inputs.ts';
import { readSecret } from './inputs.ts';
import type { NotifyReceiver } from './plan.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';

/** @throws Error when a secret changed since it was checked */
export function compileNotify({ notify }: Config, inputs: Inputs): NotifyReceiver[] {
  return notify.map(({ url, secret, previousSecret, events, timeout, giveUpAfter }) => ({
    url,
    secrets: [secret, ...(previousSecret === undefined ? [] : [previousSecret])].map((ref) =>
      secretOf(ref, inputs),
    ),
    events: [...new Set(events)],
    timeoutMs: timeout,
    giveUpAfterMs: giveUpAfter,
  }));
}

function secretOf(ref: SecretRef, inputs: Inputs): string {
  const read = readSecret(inputs, ref);
  if (read.ok) return read.text;
  throw new Error('a secret of notify changed while it was read');
}

/** Where secrets stand in the compiled configuration; the path of a URL may be one. */
export function notifyPlaces(receivers: readonly NotifyReceiver[]): Path[] {
  return receivers.flatMap(({ secrets }, index) => [
    ['notify', index, 'url'],
    ...secrets.map((_, at) => ['notify', index, 'secrets', at]),
  ]);
}
