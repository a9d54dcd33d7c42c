import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CutoverError } from '../core/errors.ts';
import { writeWhole } from '../report/write-file.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Options, ReportFormat } from './options.ts';

/** Stands for stdout, as in other programs. */
const STDOUT = '-';

/** One format and where it goes to. */
export interface Wanted {
  readonly format: ReportFormat;
  readonly file: string;
}

/**
 * Formats and outputs pair up in their order; a format without an output goes to stdout.
 * @throws CutoverError USAGE for an output too many, or a second one for stdout: both before anything is asked
 */
export function outputsOf(options: Options): readonly Wanted[] {
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

/** The first output that is a file, or null. */
export function firstFile(wanted: readonly Wanted[]): string | null {
  return wanted.find(({ file }) => file !== STDOUT)?.file ?? null;
}

/**
 * Looks whether files can stand where they shall, before work is done that would be lost.
 * @throws CutoverError NOT_WRITTEN
 */
export function checkPlaces(wanted: readonly Wanted[]): void {
  for (const { file } of wanted) {
    if (file === STDOUT || statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() === true)
      continue;
    throw new CutoverError('NOT_WRITTEN', `${file} cannot be written: its folder does not exist`, {
      hint: 'its folder must exist: mkdir -p',
    });
  }
}

/** Writes a report in each wanted format. */
export function putAll(
  io: Io,
  wanted: readonly Wanted[],
  render: Readonly<Record<ReportFormat, () => string>>,
): void {
  for (const { format, file } of wanted) {
    const text = render[format]();
    if (file === STDOUT) io.out.write(text);
    else {
      writeWhole(file, text);
      io.err.write(`wrote ${file}\n`);
    }
  }
}
