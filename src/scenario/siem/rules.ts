import { CutoverError } from '../../core/errors.ts';

/** A rule of Wazuh 4, of the constructs that `deploy/wazuh/local_rules.xml` is made of. */
interface Rule {
  readonly id: string;
  readonly level: number;
  readonly groups: readonly string[];
  readonly description: string;
  readonly decodedAs: string | null;
  readonly parents: readonly string[];
  readonly fields: readonly { readonly name: string; readonly pattern: RegExp; readonly negate: boolean }[];
}

/** What a rule makes of a line. */
export interface Match {
  readonly id: string;
  readonly level: number;
  readonly groups: readonly string[];
  readonly description: string;
}

/** Fields of a line as the JSON decoder of Wazuh leaves them: names with dots, every value a text. */
export type Decoded = Readonly<Record<string, string>>;

/** Rules of one or more files. */
export interface RuleSet {
  /** The rule that has the last word about a decoded line; null: none. */
  readonly match: (decoded: Decoded) => Match | null;
}

/**
 * Reads rules (`decoded_as`, `if_sid`, `field` with `type` and `negate`, `level`, `group`, `description`).
 * @throws CutoverError WAZUH_RULES for anything else, because to pass over it would be another rule
 */
export function readRules(xml: string): RuleSet {
  const rules = groupsOf(xml.replace(/<!--[\s\S]*?-->/g, '')).flatMap(({ name, body }) =>
    rulesOf(name, body),
  );
  const roots = inOrder(rules.filter(({ parents }) => parents.length === 0));
  const children = (id: string) => inOrder(rules.filter(({ parents }) => parents.includes(id)));
  const last = (rule: Rule, decoded: Decoded): Rule | null => {
    if (!holds(rule, decoded)) return null;
    return children(rule.id).reduce<Rule | null>((found, each) => found ?? last(each, decoded), null) ?? rule;
  };
  return {
    match: (decoded) => {
      const found = roots.reduce<Rule | null>((first, each) => first ?? last(each, decoded), null);
      return found === null ? null : matchOf(found, decoded);
    },
  };
}

/** Siblings are asked from the highest level down, those of level 0 before all others (analysisd, `_OS_AddRule`). */
function inOrder(rules: readonly Rule[]): Rule[] {
  const rank = ({ level }: Rule) => (level === 0 ? 9_900 : level);
  return rules.toSorted((one, other) => rank(other) - rank(one));
}

function holds({ decodedAs, fields }: Rule, decoded: Decoded): boolean {
  if (decodedAs !== null && decodedAs !== 'json') return false;
  return fields.every(({ name, pattern, negate }) => {
    const value = decoded[name];
    return value === undefined ? false : pattern.test(value) !== negate;
  });
}

function matchOf({ id, level, groups, description }: Rule, decoded: Decoded): Match {
  const said = description.replace(/\$\(([\w.-]+)\)/g, (_, name: string) => decoded[name] ?? '');
  return { id, level, groups, description: said };
}

function groupsOf(xml: string): { readonly name: string; readonly body: string }[] {
  return [...xml.matchAll(/<group name="([^"]*)">([\s\S]*?<\/rule>\s*)<\/group>/g)].map(
    ([, name = '', body = '']) => ({ name, body }),
  );
}

const KNOWN = new Set(['decoded_as', 'if_sid', 'field', 'description', 'group', 'options', 'mitre', 'id']);

function rulesOf(groupName: string, body: string): Rule[] {
  return [...body.matchAll(/<rule ([^>]*)>([\s\S]*?)<\/rule>/g)].map(([, attributes = '', inner = '']) => {
    const elements = [...inner.matchAll(/<(\w+)([^>]*)>([\s\S]*?)<\/\1>/g)];
    const unknown = elements.find(([, name = '']) => !KNOWN.has(name));
    if (unknown !== undefined) throw notUnderstood(`<${unknown[1]}>`);
    const texts = (tag: string) =>
      elements.filter(([, name]) => name === tag).map(([, , , text = '']) => text.trim());
    const extra = Object.keys(attributesOf(attributes)).find((name) => !['id', 'level'].includes(name));
    if (extra !== undefined) throw notUnderstood(`the attribute ${extra}`);
    const { id = '', level = '' } = attributesOf(attributes);
    return {
      id,
      level: Number(level),
      groups: [groupName, ...texts('group')]
        .flatMap((names) => names.split(','))
        .map((name) => name.trim())
        .filter((name) => name !== ''),
      description: texts('description')[0] ?? '',
      decodedAs: texts('decoded_as')[0] ?? null,
      parents: texts('if_sid')
        .flatMap((ids) => ids.split(','))
        .map((each) => each.trim()),
      fields: elements
        .filter(([, name]) => name === 'field')
        .map(([, , said = '', text = '']) => fieldOf(said, text.trim())),
    };
  });
}

function fieldOf(said: string, text: string): Rule['fields'][number] {
  const { name = '', type = 'osregex', negate = 'no' } = attributesOf(said);
  if (type !== 'osregex' && type !== 'pcre2') throw notUnderstood(`type="${type}"`);
  const source = type === 'pcre2' ? text.replaceAll('&lt;', '<').replaceAll('&gt;', '>') : osRegex(text);
  return { name, pattern: new RegExp(source, type === 'pcre2' ? '' : 'i'), negate: negate === 'yes' };
}

/** OS_Regex in JavaScript: `\.` is any character, `\w \d \s` classes, `^ $ |` as usual, all else itself. */
function osRegex(text: string): string {
  if (/\\[^.wds]|[()]/.test(text)) throw notUnderstood(`the pattern ${text}`);
  return text.replace(
    /\\([.wds])|([.?{}[\]])/g,
    (_, escaped: string | undefined, plain: string | undefined) => {
      if (plain !== undefined) return `\\${plain}`;
      return escaped === '.' ? '[\\s\\S]' : escaped === 'w' ? '[A-Za-z0-9@_-]' : `\\${escaped}`;
    },
  );
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

function notUnderstood(what: string): CutoverError {
  return new CutoverError('WAZUH_RULES', `${what} is no part of the rules that are understood here`, {
    hint: 'decoded_as, if_sid, field, level, group, description',
    exitCode: 2,
  });
}

/** A line as the JSON decoder leaves it; null for what is no object, which is dropped without a word. */
export function decode(line: string): Decoded | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return isMap(parsed) ? Object.fromEntries(flat(parsed, '')) : null;
  } catch {
    return null;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flat(map: Record<string, unknown>, prefix: string): [string, string][] {
  return Object.entries(map).flatMap(([key, value]): [string, string][] => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (isMap(value)) return flat(value, name);
    if (Array.isArray(value)) return [[name, value.map(textOf).join(',')]];
    return [[name, textOf(value)]];
  });
}

/** Integers above 32 bits are written as `%f` (json_decoder.c). */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const isLarge = typeof value === 'number' && Number.isInteger(value) && Math.abs(value) > 2 ** 31 - 1;
  return isLarge ? value.toFixed(6) : JSON.stringify(value);
}
