import type { SourceFile } from './files.ts';

interface Ban {
  readonly name: string;
  readonly pattern: RegExp;
  /** Holds inside comments, too. */
  readonly comments?: true;
  /** Paths the ban holds for. */
  readonly where: RegExp;
  readonly except?: RegExp;
}

// Written in two halves, so that this file does not break its own law.
const LATER = new RegExp(
  `\\b(${['TO', 'FIX', 'XX'].map((half, at) => half + ['DO', 'ME', 'X'][at]).join('|')})\\b`,
);

const BANS: readonly Ban[] = [
  {
    name: 'a clock outside core/clock.ts',
    pattern: /\b(Date\.now|performance\.now|new Date\(\s*\)|process\.hrtime)/,
    where: /^src\//,
    except: /^src\/core\/clock\.ts$/,
  },
  {
    name: 'random numbers outside core/random.ts',
    pattern: /\b(Math\.random|randomBytes|randomUUID|randomInt|getRandomValues)\b/,
    where: /^src\//,
    except: /^src\/core\/random\.ts$/,
  },
  { name: 'any', pattern: /(:\s*any\b|\bas any\b|<any\b|\bany\[\])/, where: /^(src|test|bench)\// },
  { name: 'a default export', pattern: /^export default\b/m, where: /^(src|test|bench)\// },
  { name: 'a note for later', pattern: LATER, comments: true, where: /^(src|test|bench|bin|\.ci)\// },
  {
    name: 'a switched-off type check',
    pattern: /@ts-(ignore|nocheck|expect-error)/,
    comments: true,
    where: /^(src|test|bench)\//,
  },
  { name: 'a skipped or lonely test', pattern: /\.(skip|only|todo|fails)\s*[(`]/, where: /^test\// },
  {
    name: 'a branch for rehearsals in the engine: they change gates by public configuration only',
    pattern: /\b(demo|scenario|rehears\w*)\b/i,
    comments: true,
    where: /^src\/(stats|wire|diff|telemetry|shadow|rollout|store|gateway|control)\//,
  },
  { name: 'console outside cli', pattern: /\bconsole\.\w+\(/, where: /^src\//, except: /^src\/cli\// },
  {
    name: 'a TypeScript enum or namespace',
    pattern: /^(export )?(const )?(enum|namespace) \w/m,
    where: /^(src|test)\//,
  },
];

/** A line that is only a comment may name what is banned. */
const COMMENT = /^\s*(\/\/|\*|\/\*)/;

/** What breaks the bans, one line each: `src/x.ts:12: any`. */
export function banProblems(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [...lineProblems(file), ...fileProblems(file)]);
}

function lineProblems(file: SourceFile): string[] {
  const bans = BANS.filter((ban) => ban.where.test(file.path) && ban.except?.test(file.path) !== true);
  return file.text
    .split('\n')
    .flatMap((line, at) =>
      bans
        .filter((ban) => ban.pattern.test(line) && (ban.comments === true || !COMMENT.test(line)))
        .map((ban) => `${file.path}:${at + 1}: ${ban.name}`),
    );
}

function fileProblems(file: SourceFile): string[] {
  const barrel = /(^|\/)index\.tsx?$/.test(file.path) ? [`${file.path}: a barrel`] : [];
  const hot = file.path.startsWith('src/wire/') && /^\s*(export )?async function/m.test(file.text);
  return hot && file.text.startsWith('// HOT:') ? [...barrel, `${file.path}: async on the hot path`] : barrel;
}
