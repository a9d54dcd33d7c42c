import * as fc from 'fast-check';

/**
 * Documents as texts, and one change made on the text: written here so that nothing of the comparison has a hand in it.
 */

/** A document that remembers where its parts stand in its text. */
export interface Written {
  readonly text: string;
  readonly parts: readonly Part[];
}

export interface Part {
  readonly type: 'scalar' | 'list' | 'object';
  /** JSON Pointer, `*` for a place in a list. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** For a member of an object: where it starts with its key. */
  readonly member: number | null;
  readonly count: number;
}

type Node =
  | { readonly scalar: string }
  | { readonly list: readonly Node[] }
  | { readonly object: readonly (readonly [string, Node])[] };

const SCALARS = [
  'null',
  'true',
  'false',
  '0',
  '1',
  '-2.50',
  '1e3',
  '9007199254740993',
  '""',
  '"a"',
  '"\\u00e9"',
  '"ü"',
  '"]}"',
  '"\\"a"',
];
const KEYS = ['a', 'b', 'name', 'price', 'x-y', 'constructor', '__proto__', 'ключ'];

const nodes = fc.letrec<{ node: Node; list: Node; object: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom(...SCALARS).map((scalar) => ({ scalar })),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('node'), { maxLength: 5 }).map((list) => ({ list })),
  object: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...KEYS), tie('node')), { maxLength: 5, selector: ([key]) => key })
    .map((object) => ({ object })),
}));

/** A document whose root is an object or a list. */
export const documentTexts: fc.Arbitrary<Written> = fc
  .tuple(fc.oneof(nodes.list, nodes.object), fc.constantFrom('', ' ', '\n  '))
  .map(([node, space]) => write(node, space));

function write(root: Node, space: string): Written {
  let text = '';
  const parts: Part[] = [];
  const visit = (node: Node, path: string, member: number | null): void => {
    const start = text.length;
    const done = (type: Part['type'], count: number): void => {
      parts.push({ type, path, start, end: text.length, member, count });
    };
    if ('scalar' in node) {
      text += node.scalar;
      done('scalar', 0);
    } else if ('list' in node) {
      text += `[${space}`;
      for (const [index, each] of node.list.entries()) {
        if (index > 0) text += `,${space}`;
        visit(each, `${path}/*`, null);
      }
      text += `${space}]`;
      done('list', node.list.length);
    } else {
      text += `{${space}`;
      for (const [index, [key, each]] of node.object.entries()) {
        if (index > 0) text += `,${space}`;
        const at = text.length;
        text += `${JSON.stringify(key)}${space}:${space}`;
        visit(each, `${path}/${key}`, at);
      }
      text += `${space}}`;
      done('object', node.object.length);
    }
  };
  visit(root, '', null);
  return { text, parts };
}

/** One change of a text, and the class it must be found as. */
export interface Mutation {
  readonly text: string;
  readonly kind: readonly string[];
  readonly path: string;
}

/** Changes one part: another scalar in its place, a member more or less, an element more. @param choice any number */
export function mutate({ text, parts }: Written, choice: number): Mutation {
  const part = parts[choice % parts.length] as Part;
  const put = (start: number, end: number, instead: string): string =>
    text.slice(0, start) + instead + text.slice(end);
  if (part.type === 'scalar') {
    const wanted = choice % 2 === 0 ? '"another"' : '4711';
    return { text: put(part.start, part.end, wanted), kind: ['json_value', 'json_type'], path: part.path };
  }
  const comma = part.count > 0 ? ',' : '';
  const inside = part.start + 1;
  if (part.type === 'list') {
    return { text: put(inside, inside, `"inserted"${comma}`), kind: ['json_length'], path: part.path };
  }
  return {
    text: put(inside, inside, `"added":{}${comma}`),
    kind: ['json_added'],
    path: `${part.path}/added`,
  };
}
