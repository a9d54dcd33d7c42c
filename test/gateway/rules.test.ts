import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { IGNORE, ruleOf } from '../diff/rules-kit.ts';
import { upstream } from '../kit/upstream.ts';

test('what a rule ignores is counted beside what agrees and what differs, and published rules hold at once', async () => {
  let at = 0;
  const service = () => upstream().respond(() => ({ body: { at: (at += 1), n: 1 } }));
  const lanes = { legacy: await service().start(), candidate: await service().start() };
  const { url, apply, settled, classes } = await inProcessGateway(lanes);
  await fetchOnce(url);
  expect((await settled()).pairs.shadow).toMatchObject({ compared: 1, ignoredPairs: 0 });
  expect(classes()).toEqual({ 'json_value /at': 1 });
  apply({ config: { rules: [ruleOf('body/at', IGNORE)] } });
  for (let count = 0; count < 3; count += 1) await fetchOnce(url);
  const { pairs } = await settled();
  expect(pairs.shadow).toMatchObject({ compared: 4, ignoredPairs: 3, ignored: { 'body/at': 3 } });
  expect(classes()).toEqual({ 'json_value /at': 1 });
});

test('redirects of both lanes are held against where the client sent its request', async () => {
  const to = (location: (host: string) => string) =>
    upstream().respond(({ header }) => ({
      status: 302,
      headers: { Location: location(header('host') ?? '') },
    }));
  const legacy = await to(() => '/login').start();
  const candidate = await to((host) => `http://${host}/login`).start();
  const { url, settled, classes } = await inProcessGateway({ legacy, candidate });
  await fetchOnce(`${url}/cart`, { headers: { Host: 'shop.example' } });
  await settled();
  expect(classes()).toEqual({});
  await candidate.become(to(() => `${candidate.url}/login`));
  await fetchOnce(`${url}/cart`, { headers: { Host: 'shop.example' } });
  await settled();
  expect(classes()).toEqual({ 'redirect location/host': 1 });
});

test('answers far over the limit are compared by what streamed by, and a byte in their midst is found', async () => {
  const bytes = randomBytes(3 * 1024 * 1024);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const service = (body: Buffer) => upstream().respond(() => ({ headers, body }));
  const lanes = { legacy: await service(bytes).start(), candidate: await service(bytes).start() };
  const { url, settled, classes } = await inProcessGateway(lanes);
  await fetchOnce(url);
  expect((await settled()).pairs.shadow).toMatchObject({ compared: 1, responseTooLarge: 0 });
  expect(classes()).toEqual({});
  const other = Buffer.from(bytes);
  other[2_000_000] = (other[2_000_000] as number) ^ 1;
  await lanes.candidate.become(service(other));
  await fetchOnce(url);
  expect((await settled()).pairs.shadow).toMatchObject({ compared: 2, responseTooLarge: 0 });
  expect(classes()).toEqual({ 'body_bytes body': 1 });
});
