import { writeFileSync } from 'node:fs';
import { SCHEMA_FILE, configTemplate } from '../../config/template.ts';
import { CutoverError, messageOf, systemCode } from '../../core/errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Options } from '../options.ts';
import type { Verb } from '../verbs.ts';

const LEGACY = 'http://127.0.0.1:8081';
const CANDIDATE = 'http://127.0.0.1:7001';

/** Writes a commented configuration; an existing file stays as it is unless `--force` is given. */
export const init: Verb = async (io, options) => {
  const text = configTemplate({
    legacy: options.legacy ?? LEGACY,
    candidate: options.candidate ?? CANDIDATE,
  });
  if (options.config === '-') {
    io.out.write(text);
    return EXIT.done;
  }
  write(options, text);
  io.out.write(`wrote ${options.config}\n`);
  if (options.legacy === undefined || options.candidate === undefined) {
    io.out.write(
      `The servers in it are examples: edit legacy and candidate, or give --legacy and --candidate.\n`,
    );
  }
  io.out.write(`Next: cutover check -c ${options.config}\n`);
  io.out.write(`For an editor that completes keys: cutover check --schema config > ${SCHEMA_FILE}\n`);
  return EXIT.done;
};

function write(options: Options, text: string): void {
  try {
    writeFileSync(options.config, text, { flag: options.force === true ? 'w' : 'wx' });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') {
      throw new CutoverError('NOT_WRITTEN', `${options.config} cannot be written: ${messageOf(error)}`, {
        hint: 'name another file: cutover init -c FILE',
        cause: error,
      });
    }
    throw new CutoverError('FILE_EXISTS', `${options.config} exists and was not changed`, {
      hint: 'overwrite it: cutover init --force, or name another file: -c FILE',
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}
