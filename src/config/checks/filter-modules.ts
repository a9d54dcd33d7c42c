import { filterPlace, inspectFilter } from '../filter-inspection.ts';
import type { Inputs } from '../inputs.ts';
import { absolute } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey } from '../problem.ts';
import { textAt, valueAt } from '../view.ts';

/** Keys that only a filter of a user can have. */
const ONLY = ['failure', 'budget'];

/** A module that loads and exports a filter. All its files are watched, also when it does not load. */
export function checkModule(raw: unknown, entry: Path, inputs: Inputs): Finding[] {
  const path = [...entry, 'module'];
  const file = textAt(raw, path);
  if (file === null || file === '') return strays(raw, entry);
  const found = (inputs.inspect ?? inspectFilter)(absolute(inputs, file));
  inputs.files?.add(absolute(inputs, file));
  for (const source of found.files) inputs.files?.add(source.path);
  if (found.ok) return [];
  const where = filterPlace(found, inputs.folder);
  return [error(path, `${found.message}${where}`, found.hint ?? `relative paths start at ${inputs.folder}`)];
}

function strays(raw: unknown, entry: Path): Finding[] {
  return ONLY.filter((key) => valueAt(raw, [...entry, key]) !== undefined).map((key) => {
    return errorAtKey([...entry, key], `only a filter with a module has ${key}`, 'remove it');
  });
}
