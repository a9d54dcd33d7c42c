import type { AdminClient } from '../../control/admin-client.ts';
import { CutoverError } from '../../core/errors.ts';
import { buildReport, reportJson } from '../../report/build.ts';
import { reportMarkdown } from '../../report/markdown.ts';
import type { Report } from '../../report/schema.ts';
import { writeWhole } from '../../report/write-file.ts';
import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import type { Io } from '../io.ts';
import type { Options, ReportFormat } from '../options.ts';
import type { Verb } from '../verbs.ts';

/** Entries of the audit in a report. */
const HISTORY_ENTRIES = 20;

/** Stands for stdout, as in other programs. */
const STDOUT = '-';

const RENDER: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  json: reportJson,
  md: reportMarkdown,
};

/** Writes what the running gateway measured, in one format or several. */
export const report: Verb = async (io, options) => {
  const wanted = outputsOf(options);
  const made = await withCommands(io, options, ({ ask }) => ask((client) => gather(client, options.limit)));
  for (const { format, file } of wanted) put(io, file, RENDER[format](made));
  return EXIT.done;
};

interface Wanted {
  readonly format: ReportFormat;
  readonly file: string;
}

/**
 * Formats and outputs pair up in their order; a format without an output goes to stdout.
 * @throws CutoverError USAGE for an output too many, or a second one for stdout: both before anything is asked
 */
function outputsOf(options: Options): readonly Wanted[] {
  const { output = [] } = options;
  const formats = formatsOf(options);
  if (output.length > formats.length) {
    throw usage(`${output.length} outputs for ${formats.length} format(s)`);
  }
  const wanted = formats.map((each, at) => ({ format: each, file: output[at] ?? STDOUT }));
  if (wanted.filter(({ file }) => file === STDOUT).length > 1) {
    throw usage('only one format may go to stdout');
  }
  return wanted;
}

/** Without `--format` a file that ends in .json gets JSON: Markdown in it would be a surprise. */
function formatsOf({ format, output = [], json }: Options): readonly ReportFormat[] {
  if (format !== undefined) return format;
  if (json === true) return ['json'];
  return output.length === 0 ? ['md'] : output.map((file) => (file.endsWith('.json') ? 'json' : 'md'));
}

function usage(message: string): CutoverError {
  return new CutoverError('USAGE', message, {
    hint: 'an output for each: cutover report --format json -o report.json --format md -o report.md',
    exitCode: EXIT.usage,
  });
}

async function gather(client: AdminClient, limit: number): Promise<Report> {
  const [status, differences, history] = await Promise.all([
    client.status(),
    client.differences(limit),
    client.history(HISTORY_ENTRIES),
  ]);
  const [largest] = differences.classes;
  const example = largest === undefined ? null : await client.difference(largest.id);
  return buildReport({ status, differences, history, example });
}

function put(io: Io, file: string, text: string): void {
  if (file === STDOUT) return io.out.write(text);
  writeWhole(file, text);
  io.err.write(`wrote ${file}\n`);
}
