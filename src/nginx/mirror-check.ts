import type { Problem } from '../config/problem.ts';
import { targetFindings } from './mirror-target.ts';
import type { MirrorFinding } from './mirror-target.ts';
import type { NginxFile } from './read.ts';
import { effective, locationOf, scopesOf, valueIn } from './scope.ts';
import type { Scope } from './scope.ts';
import type { Directive } from './tree.ts';

/** Where the whole of it is shown. */
const GUIDE = 'see deploy/nginx/mirror.conf';

/** What is wrong with how an NGINX mirrors, each with its line. A configuration that mirrors nothing says so. */
export function checkMirror({ directives, problems, lines }: NginxFile): Problem[] {
  const mirrors = mirrorsIn(directives);
  const findings = mirrors.flatMap(({ directive, scope }) => mirrorFindings(directive, scope, directives));
  const whole: Problem[] =
    mirrors.length > 0 || problems.length > 0
      ? []
      : [
          {
            ...nowhere(lines),
            message: 'nothing is mirrored here',
            hint: `add a mirror directive; ${GUIDE}`,
          },
        ];
  return unique([...problems, ...whole, ...findings.map((finding) => problemOf(finding, lines))]);
}

interface Mirror {
  readonly directive: Directive;
  readonly scope: Scope;
}

function mirrorsIn(directives: readonly Directive[]): Mirror[] {
  return scopesOf(directives).flatMap((scope) =>
    (scope.at(-1)?.block ?? [])
      .filter(({ name, args }) => name === 'mirror' && args[0] !== 'off')
      .map((directive) => ({ directive, scope })),
  );
}

function mirrorFindings(mirror: Directive, scope: Scope, directives: readonly Directive[]): MirrorFinding[] {
  const [uri = ''] = mirror.args;
  if (uri.includes('$')) {
    const message = 'mirror takes no variable: nothing is copied, whatever it holds';
    return [
      { severity: 'error', at: mirror, message, hint: `choose the share inside of the location; ${GUIDE}` },
    ];
  }
  const servers = scope.some(({ name }) => name === 'server')
    ? [scope.slice(0, scope.findIndex(({ name }) => name === 'server') + 1)]
    : scopesOf(directives).filter((each) => each.at(-1)?.name === 'server');
  const targets = servers.map((server) => locationOf(server, uri));
  return [
    ...bodyFindings(mirror, scope),
    ...timeFindings(mirror, scope),
    ...targets.flatMap((target) =>
      target === null || target.at(-1) === scope.at(-1)
        ? [missing(mirror, uri)]
        : targetFindings(scope, target, directives),
    ),
  ];
}

function missing(mirror: Directive, uri: string): MirrorFinding {
  const message = `no location of its own takes ${uri}: its copies reach nobody`;
  return { severity: 'error', at: mirror, message, hint: `location = ${uri} { internal; … }; ${GUIDE}` };
}

function bodyFindings(mirror: Directive, scope: Scope): MirrorFinding[] {
  if (valueIn(scope, 'mirror_request_body') === 'off') return [];
  const message = 'each upload is read as a whole before the service sees its first byte';
  const hint = 'mirror_request_body off; Cutover replays requests without a body only';
  return [{ severity: 'warning', at: mirror, message, hint }];
}

/** `$request_time` counts the mirror in; measured: 0.8 s for a service that took 6 ms. */
function timeFindings(mirror: Directive, scope: Scope): MirrorFinding[] {
  const http = scope.slice(0, 1);
  const formats = (http[0]?.block ?? []).filter(({ name }) => name === 'log_format');
  const used = new Set(effective(scope, 'access_log').map(({ args }) => args[1]));
  return formats
    .filter(({ args }) => used.has(args[0]))
    .filter(({ args }) => {
      const text = args.join(' ');
      return text.includes('$request_time') && !text.includes('$upstream_response_time');
    })
    .map((format) => ({
      severity: 'warning' as const,
      at: format,
      message: `$request_time waits for the mirror of line ${mirror.line}: it is no time of the service`,
      hint: 'log $upstream_response_time, too, and read that one',
    }));
}

function nowhere(lines: NginxFile['lines']): Omit<Problem, 'message' | 'hint'> {
  const file = [...lines.keys()][0] ?? '';
  return { severity: 'error', file, line: 0, column: 0, path: '', excerpt: null };
}

function problemOf({ severity, at, message, hint }: MirrorFinding, lines: NginxFile['lines']): Problem {
  const { file, line, column, name, args } = at;
  const text = (lines.get(file)?.[line - 1] ?? '').replaceAll(/[^\u0020-\u007e\t]/g, '?').slice(0, 160);
  const excerpt = { text, caret: column - 1, width: Math.max(1, Math.min(name.length, text.length)) };
  return {
    severity,
    file,
    line,
    column,
    path: [name, ...args].join(' ').slice(0, 80),
    message,
    hint,
    excerpt,
  };
}

/** A location that several mirrors lead to is told of once; in the order of files and lines. */
function unique(problems: readonly Problem[]): Problem[] {
  const keyOf = ({ file, line, message }: Problem): string => `${file} ${line} ${message}`;
  const seen = new Map(problems.map((problem) => [keyOf(problem), problem]));
  return [...seen.values()].toSorted((one, other) =>
    one.file === other.file ? one.line - other.line : one.file < other.file ? -1 : 1,
  );
}
