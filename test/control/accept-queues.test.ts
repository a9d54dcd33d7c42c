import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { movesWaitingConnections, warnOfAcceptQueues } from '../../src/control/accept-queues.ts';

const SCRIPT = fileURLToPath(new URL('./kit/accept-queue.ts', import.meta.url));
const SETTING = '/proc/sys/net/ipv4/tcp_migrate_req';

/** Runs a shell command with a network of its own. @throws where that is not permitted, or the kernel has no such setting */
function inNamespace(command: string): string {
  return execFileSync('unshare', ['-n', 'sh', '-ec', `ip link set lo up; ${command}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function mayUnshare(): boolean {
  try {
    return inNamespace(`echo 1 > ${SETTING}; cat ${SETTING}`).trim() === '1';
  } catch {
    return false;
  }
}

function setting(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-setting-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'tcp_migrate_req'), text);
  return join(folder, 'tcp_migrate_req');
}

test('says what a closing listener costs where the kernel does not move its queue, and only there', () => {
  const lines: string[] = [];
  const said = (file: string) => {
    lines.length = 0;
    warnOfAcceptQueues((_, message) => lines.push(message), file);
    return lines.length;
  };
  expect([said(setting('0\n')), said(setting('1\n')), said('/nowhere')]).toEqual([1, 0, 0]);
  expect([movesWaitingConnections(setting('1\n')), movesWaitingConnections('/nowhere')]).toEqual([
    true,
    null,
  ]);
});

// It exists only where it can run: a skipped test would look like a promise that is kept.
if (mayUnshare()) {
  test.each([
    [0, 'resets what waits at a listener that ends when the kernel is left as it is'],
    [1, 'moves what waits at a listener that ends with tcp_migrate_req=1'],
  ])('net.ipv4.tcp_migrate_req=%i: the kernel %s', (value) => {
    const text = inNamespace(`echo ${value} > ${SETTING}; exec ${process.execPath} ${SCRIPT}`);
    const { waiting, moved } = JSON.parse(text) as { waiting: number; moved: number };
    expect(waiting).toBeGreaterThan(0);
    expect(moved).toBe(value === 1 ? waiting : 0);
  });
}
