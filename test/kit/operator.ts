import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientAnswer } from './answer-reader.ts';
import type { RunningGateway } from './gateway.ts';
import { fetchOnce } from './http-client.ts';

/** One changing verb over the admin API, without the start-up time of the command line. */
export async function operate(
  running: RunningGateway,
  verb: 'advance' | 'rollback' | 'pause' | 'resume' | 'bypass' | 'reload',
  body: object = {},
): Promise<ClientAnswer> {
  const token = readFileSync(join(running.folder, 'run', 'admin.token'), 'utf8').trim();
  const answer = await fetchOnce(`${running.adminUrl}/v1/${verb}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({
      reason: 'a test',
      who: 'test',
      ...(verb === 'advance' ? { force: true } : {}),
      ...body,
    }),
  });
  if (answer.status !== 200) throw new Error(`${verb} answered ${answer.status}: ${answer.body.toString()}`);
  return answer;
}
