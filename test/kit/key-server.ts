import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { JwtKeys } from '../../src/core/token-policy.ts';

type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** An identity provider's key endpoint. */
export interface KeyServer {
  readonly url: string;
  /** Requests so far. */
  readonly asked: () => number;
  /** Answers every request like this from now on. */
  readonly become: (behaviour: Behaviour) => void;
  /** Publishes a key set. */
  readonly publish: (text: string) => void;
  /** The keys of an issuer that publishes them here. */
  readonly keys: (rest?: Partial<Extract<JwtKeys, { url: string }>>) => JwtKeys;
}

/** Starts it; it ends with the test. */
export async function keyServer(text: string): Promise<KeyServer> {
  let asked = 0;
  const saying = (said: string): Behaviour => {
    return (_, response) => void response.setHeader('content-type', 'application/json').end(said);
  };
  let behaviour = saying(text);
  const server = createServer((request, response) => {
    asked += 1;
    behaviour(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  return {
    url,
    asked: () => asked,
    become: (other) => (behaviour = other),
    publish: (said) => (behaviour = saying(said)),
    keys: (rest = {}) => ({
      url,
      maxAgeMs: 600_000,
      cooldownMs: 30_000,
      timeoutMs: 5_000,
      maxBytes: 65_536,
      ...rest,
    }),
  };
}
