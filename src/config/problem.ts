/** A place in the configuration: keys and list indices from the root. */
export type Path = readonly (string | number)[];

/** What is wrong and where, before it is looked up in the source text. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  /** Whether the key or its value is at fault. */
  readonly at: 'key' | 'value';
  readonly message: string;
  /** An edit or a command that helps, or null. */
  readonly hint: string | null;
}

/** One defect of a file, ready to be shown. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** From 1; 0 when the file as a whole is at fault (it is missing, say). */
  readonly line: number;
  readonly column: number;
  /** `rollout.shadow.sample`, `candidate.routes[0].upstream`; '' for the root. */
  readonly path: string;
  readonly message: string;
  readonly hint: string | null;
  readonly excerpt: Excerpt | null;
}

/** A source line with secrets masked and control characters replaced. */
export interface Excerpt {
  readonly text: string;
  /** Where the caret stands, from 0. */
  readonly caret: number;
  /** Characters it marks, at least 1. */
  readonly width: number;
}

/** A path as people write it. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** An error at the value of a path. */
export function error(path: Path, message: string, hint: string | null = null): Finding {
  return { severity: 'error', path, at: 'value', message, hint };
}

/** An error at the key of a path. */
export function errorAtKey(path: Path, message: string, hint: string | null = null): Finding {
  return { severity: 'error', path, at: 'key', message, hint };
}

/** A warning at the value of a path. */
export function warning(path: Path, message: string, hint: string | null = null): Finding {
  return { severity: 'warning', path, at: 'value', message, hint };
}
