import { isMap, isSeq, parseDocument } from 'yaml';
import type { YAMLMap, YAMLSeq } from 'yaml';

const SECTION = 'differences';
const LIST = 'rules';

/**
 * A configuration with one more rule under `differences.rules`, and not a character of it changed otherwise where that
 * can be: the rule goes behind the last one of a block list, or the section goes to the end of the file. Only a list
 * written in one line is written anew.
 * @param text a configuration that is valid
 * @param rule YAML in one line: `{ path: …, ignore: true, reason: … }`
 */
export function withRule(text: string, rule: string): string {
  const document = parseDocument(text);
  const isFlow = isMap(document.contents) && document.contents.flow === true;
  const section: unknown = document.get(SECTION, true);
  const list = isMap(section) ? section.get(LIST, true) : null;
  if (isSeq(list) && list.flow !== true && list.items.length > 0) return behindLast(text, list, rule);
  if (isMap(section) && section.flow !== true && list === undefined) return asFirstKey(text, section, rule);
  if (!isFlow && section === undefined) return `${ended(text)}\n${SECTION}:\n  ${LIST}:\n    - ${rule}\n`;
  // A document keeps comments; its flow collections may get other blanks.
  const entry = parseDocument(rule).contents;
  if (isSeq(list)) list.items.push(entry);
  else if (isMap(section)) section.set(LIST, document.createNode([entry]));
  else document.set(SECTION, document.createNode({ [LIST]: [entry] }));
  return document.toString({ lineWidth: 0 });
}

/** In the line after the last rule, at its indentation. */
function behindLast(text: string, list: YAMLSeq, rule: string): string {
  const last = list.items.at(-1) as { range?: readonly [number, number, number] | null };
  const [start = 0, end = text.length] = last.range ?? [];
  const line = text.lastIndexOf('\n', start - 1) + 1;
  const dash = text.lastIndexOf('-', start);
  const indentation = ' '.repeat(Math.max(0, dash - line));
  const newline = text.indexOf('\n', end - 1);
  const at = newline === -1 ? text.length : newline + 1;
  return `${ended(text.slice(0, at))}${indentation}- ${rule}\n${text.slice(at)}`;
}

/** Before the first key of the section, at its indentation. */
function asFirstKey(text: string, section: YAMLMap, rule: string): string {
  const start = section.range?.[0] ?? text.length;
  const line = text.lastIndexOf('\n', start - 1) + 1;
  const indentation = ' '.repeat(start - line);
  return `${text.slice(0, line)}${indentation}${LIST}:\n${indentation}  - ${rule}\n${text.slice(line)}`;
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
