import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { signedFields } from '../../../src/control/notify/sign.ts';
import { notificationSchema } from '../../../src/control/schema/notification.ts';
import { NOTIFIED_EVENTS } from '../../../src/core/events.ts';
import { hookSecret } from '../../kit/hook.ts';
import { temporaryFolder } from '../../kit/process.ts';

const DOCUMENT = readFileSync(new URL('../../../docs/notifications.md', import.meta.url), 'utf8');

function block(language: string): string {
  return new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(DOCUMENT)?.[1] ?? '';
}

type Check = (
  headers: Readonly<Record<string, string>>,
  rawBody: string,
  secret: string,
  nowMs?: number,
) => boolean;

test('the check that the document offers takes what is signed, and nothing else', async () => {
  const { path, remove } = temporaryFolder('cutover-receiver');
  onTestFinished(remove);
  const file = join(path, 'receiver.mjs');
  writeFileSync(file, block('js'));
  const { isFromCutover } = (await import(pathToFileURL(file).href)) as { isFromCutover: Check };
  const [now, before] = [hookSecret(1), hookSecret(2)];
  const body = '{"reason":"größer"}';
  const headers = { ...signedFields('msg_1', body, [now, before], 5_000_000) };
  expect(isFromCutover(headers, body, now, 5_100_000)).toBe(true);
  expect(isFromCutover(headers, body, before, 5_100_000)).toBe(true);
  expect(isFromCutover(headers, body, hookSecret(3), 5_100_000)).toBe(false);
  expect(isFromCutover(headers, `${body} `, now, 5_100_000)).toBe(false);
  expect(isFromCutover(headers, body, now, 5_400_000)).toBe(false);
  expect(isFromCutover({ ...headers, 'webhook-id': 'msg_2' }, body, now, 5_100_000)).toBe(false);
  expect(isFromCutover({ ...headers, 'webhook-timestamp': '5001' }, body, now, 5_100_000)).toBe(false);
  expect(isFromCutover({}, body, now)).toBe(false);
});

test('the document names every event that is told, and its body is one', () => {
  for (const name of NOTIFIED_EVENTS) expect(DOCUMENT).toContain(`\`${name}\``);
  notificationSchema.parse(JSON.parse(block('json')));
});
