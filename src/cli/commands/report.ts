import type { AdminClient } from '../../control/admin-client.ts';
import { buildReport, reportJson } from '../../report/build.ts';
import { reportMarkdown } from '../../report/markdown.ts';
import { replayJson } from '../../report/replay-build.ts';
import { replayMarkdown } from '../../report/replay-markdown.ts';
import type { Report } from '../../report/schema.ts';
import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import { outputsOf, putAll } from '../outputs.ts';
import { readReplayReport } from '../replay-file.ts';
import type { Verb } from '../verbs.ts';

/** Entries of the audit in a report. */
const HISTORY_ENTRIES = 20;

/** Writes what the running gateway measured, or what a replay did, in one format or several. */
export const report: Verb = async (io, options) => {
  const wanted = outputsOf(options);
  if (options.replay !== undefined) {
    const made = readReplayReport(options.replay);
    putAll(io, wanted, { json: () => replayJson(made), md: () => replayMarkdown(made) });
    return EXIT.done;
  }
  const made = await withCommands(io, options, ({ ask }) => ask((client) => gather(client, options.limit)));
  putAll(io, wanted, { json: () => reportJson(made), md: () => reportMarkdown(made) });
  return EXIT.done;
};

async function gather(client: AdminClient, limit: number): Promise<Report> {
  const [{ status, gateInput }, differences, history] = await Promise.all([
    client.measured(),
    client.differences(limit),
    client.history(HISTORY_ENTRIES),
  ]);
  const [largest] = differences.classes;
  const example = largest === undefined ? null : await client.difference(largest.id);
  return buildReport({ status, gateInput, differences, history, example });
}
