import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { LIMITS } from '../core/limits.ts';
import { systemCode } from '../core/errors.ts';
import type { FilterInspection, FilterModule } from './filter-inspection.ts';
import type { Environment } from './interpolate.ts';

/** What a configuration takes from outside its file: variables, and files beside it. */
export interface Inputs {
  /** Relative paths start here: the folder of the file. */
  readonly folder: string;
  readonly environment: Environment;
  /** Absolute paths of what was read, as far as somebody wants to know them. */
  readonly files?: Set<string>;
  /** Says what a module of a filter is; `inspectFilter` if left out. */
  readonly inspect?: (module: FilterModule) => FilterInspection;
}

/** What was read, or what to tell the person who wrote the path. */
export type Read =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** An absolute path. */
export function absolute(inputs: Inputs, path: string): string {
  return resolve(inputs.folder, path);
}

/** The text of a file of at most `limitBytes` bytes; a device or a pipe is refused, not waited for. */
export function readInput(inputs: Inputs, path: string, limitBytes: number): Read {
  const full = absolute(inputs, path);
  inputs.files?.add(full);
  const hint = `relative paths start at ${inputs.folder}`;
  try {
    const status = statSync(full);
    if (!status.isFile()) return { ok: false, message: 'this is no file', hint };
    const tooLarge = status.size > limitBytes;
    if (tooLarge) return { ok: false, message: `the file is larger than ${limitBytes / 1024} KiB`, hint };
    return { ok: true, text: readFileSync(full, 'utf8') };
  } catch (thrown) {
    const absent = systemCode(thrown) === 'ENOENT';
    return {
      ok: false,
      message: absent ? 'there is no such file' : `the file cannot be read (${systemCode(thrown)})`,
      hint,
    };
  }
}

/** A secret by reference: one of the two. */
export interface SecretRef {
  readonly file?: string | undefined;
  readonly env?: string | undefined;
}

/** The secret itself: keep it out of messages. The line break at the end of a file is not part of it. */
export function readSecret(inputs: Inputs, ref: SecretRef): Read {
  const { file, env = '' } = ref;
  const read =
    file === undefined ? fromEnvironment(inputs, env) : readInput(inputs, file, LIMITS.secretFileBytes);
  if (!read.ok) return read;
  const text = read.text.replace(/\r?\n$/, '');
  if (/^[\x20-\x7e]+$/.test(text)) return { ok: true, text };
  const message =
    text === '' ? 'this secret is empty' : 'this secret has characters that no header can carry';
  return { ok: false, message, hint: 'write one line of printable ASCII' };
}

function fromEnvironment(inputs: Inputs, name: string): Read {
  const text = Object.hasOwn(inputs.environment, name) ? inputs.environment[name] : undefined;
  if (text !== undefined) return { ok: true, text };
  return { ok: false, message: `the variable ${name} is not set`, hint: `set it: export ${name}=…` };
}
