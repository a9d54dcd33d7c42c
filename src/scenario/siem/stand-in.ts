import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CutoverError, messageOf } from '../../core/errors.ts';
import type { Layout } from '../layout.ts';
import type { IndexerPlan } from '../schema-upstreams.ts';
import { startIndexer } from './indexer.ts';
import { readRules } from './rules.ts';
import type { RuleSet } from './rules.ts';
import { Shipper } from './shipper.ts';

/**
 * Starts an indexer of a rehearsal, and what brings it the lines that the gateway is going to write.
 * @throws CutoverError SCENARIO, WAZUH_RULES
 */
export async function startStandIn(
  { lines, rules, refresh, username, password }: IndexerPlan,
  { here, folder }: Pick<Layout, 'here' | 'folder'>,
  port: number,
): Promise<{ stop(): Promise<void> }> {
  const set = rules === undefined ? null : rulesOf(resolve(here, rules));
  const reads = [set === null ? 'wazuh-events-v5-*' : 'wazuh-alerts-4.x-*'];
  const users = [{ name: username, password, reads }];
  const indexer = await startIndexer({ port, users, refreshMs: refresh });
  const shipper = new Shipper({ file: resolve(folder, lines), indexer, rules: set });
  return {
    stop: async () => {
      await shipper.stop();
      await indexer.stop();
    },
  };
}

function rulesOf(file: string): RuleSet {
  try {
    return readRules(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof CutoverError) throw error;
    throw new CutoverError('SCENARIO', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'paths start at the folder of the scenario',
      exitCode: 2,
      cause: error,
    });
  }
}
