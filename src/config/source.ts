import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, LineCounter } from 'yaml';
import type { Document, Node, Pair, Scalar } from 'yaml';
import { LIMITS } from '../core/limits.ts';
import { messageOf } from '../core/errors.ts';
import { interpolate } from './interpolate.ts';
import type { Environment } from './interpolate.ts';
import { maskLine } from './redact.ts';
import { scan } from './scan.ts';
import type { Scan } from './scan.ts';
import { valueAt } from './view.ts';
import { parseYaml } from './yaml-text.ts';
import { plainValues } from './plain-values.ts';
import type { Excerpt, Finding, Path, Problem } from './problem.ts';
import { pathText } from './problem.ts';

/** A YAML text with its values and the way back from a value to its place. */
export interface Source {
  readonly file: string;
  /** Values after interpolation, as plain data; undefined when the text is no YAML. */
  readonly raw: unknown;
  /** The values as they are written, before interpolation. */
  readonly plain: () => unknown;
  /** What is wrong with the text as YAML. */
  readonly problems: readonly Problem[];
  /** A finding with its line, column and excerpt. */
  readonly locate: (finding: Finding) => Problem;
  /** A scalar as it is written in the file: before interpolation, so that no variable is printed. */
  readonly written: (path: Path) => string;
}

/** The same place in two forms: what the text says, and where. */
interface Reading {
  readonly file: string;
  readonly text: string;
  readonly counter: LineCounter;
}

/**
 * Reads YAML and puts the environment's values in, on scalars after parsing: a value never becomes structure.
 * @param file as it is shown in problems
 * @param environment null leaves every `${NAME}` as it is
 */
export function readSource(file: string, text: string, environment: Environment | null): Source {
  const reading: Reading = { file, text, counter: new LineCounter() };
  if (Buffer.byteLength(text) > LIMITS.configBytes) {
    return broken(reading, `the file is larger than ${LIMITS.configBytes / 1024 ** 2} MiB`);
  }
  if (isNestedTooDeep(text)) return broken(reading, DEEP);
  try {
    return fromDocument(reading, environment);
  } catch (thrown) {
    return broken(reading, `the file cannot be read as YAML: ${messageOf(thrown)}`);
  }
}

const DEEP = `the file is nested deeper than ${LIMITS.configDepth} levels`;

/** Seen before parsing, because the parser takes seconds for a million brackets. Compact lists nest by `- - -`. */
function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length && depth <= LIMITS.configDepth; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) depth += 1;
    else if ((code === 0x5d || code === 0x7d) && depth > 0) depth -= 1;
  }
  return depth > LIMITS.configDepth || /(?:[-?:]\s+){33}/.test(text);
}

function fromDocument(reading: Reading, environment: Environment | null): Source {
  const document = parseYaml(reading.text, reading.counter);
  const found = scan(document.contents);
  const repeated = found.repeated.map((key) => problemAt(reading, key, TWICE));
  const syntax = syntaxProblem(reading, document);
  if (syntax !== null) return unread(reading, [...repeated, syntax]);
  const shape = shapeProblems(reading, found);
  if (shape.length > 0) return unread(reading, [...repeated, ...shape]);
  const written = new Map<Scalar, string>();
  const unresolved = environment === null ? [] : interpolate(found.variables, environment, written);
  return sourceOf(reading, { document, found, written }, [
    ...repeated,
    ...unresolved.map((fault) => problemAt(reading, fault.node, fault)),
  ]);
}

const TWICE = { message: 'this key stands here a second time', hint: 'remove one of the two' };

/** A document whose variables are in their places. */
interface Filled {
  readonly document: Document.Parsed;
  readonly found: Scan;
  /** What the changed scalars were. */
  readonly written: ReadonlyMap<Node, string>;
}

function sourceOf(reading: Reading, filled: Filled, problems: readonly Problem[]): Source {
  const { document, found, written } = filled;
  const raw = plainValues(document.contents, found.targets);
  const asWritten = (path: Path): string => {
    const value = valueAt(raw, path);
    if (written.size === 0 && typeof value === 'string') return value;
    const { node } = find(filled, path, 'value');
    const meant = isAlias(node) ? (found.targets.get(node) ?? null) : node;
    return meant === null ? '' : (written.get(meant) ?? String(isScalar(meant) ? meant.value : ''));
  };
  return {
    file: reading.file,
    raw,
    plain: () => (written.size === 0 ? raw : unfilled(filled)),
    problems,
    locate: (finding) => locate(reading, filled, finding),
    written: asWritten,
  };
}

function unfilled({ document, found, written }: Filled): unknown {
  const after = new Map([...written.keys()].map((node) => [node as Scalar, (node as Scalar).value]));
  for (const [node, text] of written) (node as Scalar).value = text;
  const values = plainValues(document.contents, found.targets);
  for (const [node, value] of after) node.value = value;
  return values;
}

/** The first defect of YAML's grammar: what follows it is only its echo. */
function syntaxProblem(reading: Reading, { errors, warnings }: Document.Parsed): Problem | null {
  const [first] = [...errors, ...warnings];
  if (first === undefined) return null;
  const several = first.code === 'MULTIPLE_DOCS';
  const message = several ? 'a second document begins here' : `YAML: ${lowerFirst(first.message)}`;
  const problem = at(reading, first.pos[0], first.pos[1], message);
  if (several)
    return { ...problem, hint: 'a configuration is one: remove this line, and what belongs to another file' };
  const variable = problem.excerpt?.text.includes('${') === true;
  return { ...problem, hint: variable ? 'quote a variable inside { } and [ ]: "${NAME}"' : null };
}

/** Defects that YAML allows: too deep, an alias without its anchor or without an end, too many of them. */
function shapeProblems(reading: Reading, { lost, endless, tooMany, tooDeep }: Scan): Problem[] {
  const all = (nodes: readonly (Node | null)[], message: string, hint: string | null = null): Problem[] =>
    nodes
      .filter((node) => node !== null)
      .slice(0, LIMITS.configProblems)
      .map((node) => problemAt(reading, node, { message, hint }));
  return [
    ...all(lost, 'this alias has no anchor'),
    ...all(endless, 'this alias stands inside of what it means'),
    ...all(
      [tooMany],
      `up to here aliases stand for more than ${LIMITS.configAliased} values`,
      'name less by them',
    ),
    ...all([tooDeep], DEEP),
  ];
}

function locate(reading: Reading, filled: Filled, finding: Finding): Problem {
  const { node } = find(filled, finding.path, finding.at);
  return {
    ...problemAt(reading, node, finding),
    severity: finding.severity,
    path: pathText(finding.path),
  };
}

/** The node of a path; the nearest one above it where the path ends early, and its key where a value is empty. */
function find({ document, found }: Filled, path: Path, want: 'key' | 'value'): { node: Node | null } {
  let node: Node | null = document.contents;
  let key: Node | null = null;
  for (const part of path) {
    const inside = isAlias(node) ? (found.targets.get(node) ?? null) : node;
    const pair = isMap(inside) ? pairOf(inside.items, part) : null;
    if (pair !== null) {
      key = pair.key as Node;
      node = (pair.value as Node | null) ?? key;
    } else if (isSeq(inside) && typeof part === 'number' && inside.items[part] !== undefined) {
      key = null;
      node = inside.items[part] as Node;
    } else return { node: key ?? firstOf(inside) };
  }
  const empty = isScalar(node) && node.value === null;
  return { node: (want === 'key' || empty || isCollection(node)) && key !== null ? key : firstOf(node) };
}

function pairOf(items: readonly unknown[], part: string | number): Pair | null {
  const wanted = String(part);
  const found = items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === wanted);
  return (found as Pair | undefined) ?? null;
}

/** A block map is shown by its first key, not by all of its lines. */
function firstOf(node: Node | null): Node | null {
  if (!isMap(node) || node.flow === true) return node;
  const first = node.items[0];
  return first === undefined ? node : (first.key as Node);
}

function problemAt(
  reading: Reading,
  node: Node | null,
  fault: { message: string; hint: string | null },
): Problem {
  const range = node?.range ?? [0, 0];
  return { ...at(reading, range[0], range[1], fault.message), hint: fault.hint };
}

function at(reading: Reading, from: number, to: number, message: string): Problem {
  const { line, col } = reading.counter.linePos(from);
  const [row, column] = line === 0 ? [1, 1] : [line, col];
  return {
    severity: 'error',
    file: reading.file,
    line: row,
    column,
    path: '',
    message,
    hint: null,
    excerpt: excerpt(reading, row, column, to - from),
  };
}

function excerpt(reading: Reading, row: number, column: number, width: number): Excerpt {
  const start = reading.counter.lineStarts[row - 1] ?? 0;
  const end = reading.text.indexOf('\n', start);
  const line = maskLine(reading.text.slice(start, end === -1 ? undefined : end));
  const cut = Math.max(0, column - LIMITS.configExcerptChars / 2);
  const shown = line.slice(cut, cut + LIMITS.configExcerptChars);
  const caret = Math.min(column - 1 - cut, shown.length);
  return { text: shown, caret, width: Math.max(1, Math.min(width, shown.trimEnd().length - caret)) };
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function unread(reading: Reading, problems: readonly Problem[]): Source {
  const locate = (finding: Finding) => at(reading, 0, 0, finding.message);
  return { file: reading.file, raw: undefined, plain: () => undefined, problems, locate, written: () => '' };
}

function broken(reading: Reading, message: string): Source {
  const problem = { ...at(reading, 0, 0, message), line: 0, column: 0, excerpt: null };
  return unread(reading, [problem]);
}
