import { readFileSync } from 'node:fs';
import { schemaFindings } from '../config/explain.ts';
import { loadConfig } from '../config/load.ts';
import type { Finding, Path, Problem } from '../config/problem.ts';
import { readSource } from '../config/source.ts';
import type { Source } from '../config/source.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import { fillValue } from './fill.ts';
import { configurationOf, merged } from './layout.ts';
import type { Layout } from './layout.ts';
import { scenarioSchema } from './schema.ts';
import type { Scenario } from './schema.ts';

/** A scenario file as it was read. */
export interface LoadedScenario {
  readonly file: string;
  readonly scenario: Scenario;
  readonly source: Source;
}

/** A scenario that cannot be rehearsed, with everything that is wrong with its file. */
export class ScenarioProblems extends Error {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(`${file} cannot be rehearsed`);
    this.file = file;
    this.problems = problems;
  }
}

/**
 * Reads and checks a scenario. `${NAME}` is left as it is: most names are known only when ports are.
 * @throws ScenarioProblems for what stands in the file, CutoverError when it cannot be read
 */
export function loadScenario(file: string): LoadedScenario {
  const source = readSource(file, textOf(file), null);
  const findings = source.raw === undefined ? [] : schemaFindings(scenarioSchema, source.raw);
  const problems = [...source.problems, ...findings.map(source.locate)];
  if (problems.length > 0) throw new ScenarioProblems(file, inOrder(problems));
  return { file, source, scenario: scenarioSchema.parse(source.raw) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CutoverError('SCENARIO', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'name a scenario file: cutover rehearse scenarios/demo.yaml',
      exitCode: 2,
      cause: error,
    });
  }
}

/**
 * Checks every configuration that the gateway will get: the first one, and each one that an action makes of it.
 * @throws ScenarioProblems with places in the scenario's file
 */
export function checkConfigurations({ file, scenario, source }: LoadedScenario, layout: Layout): void {
  let settings = configurationOf(scenario, layout);
  const problems = problemsOf(settings, layout.configFile, source, ['config']);
  for (const [index, { configure }] of scenario.actions.entries()) {
    if (configure === undefined || problems.length > 0) continue;
    settings = merged(settings, fillValue(configure, layout.names) as typeof settings);
    problems.push(...problemsOf(settings, layout.configFile, source, ['actions', index, 'configure']));
  }
  if (problems.length > 0) throw new ScenarioProblems(file, inOrder(problems));
}

/** Warnings are left to `cutover check`: a trial run has its reasons. */
function problemsOf(settings: object, configFile: string, source: Source, above: Path): Problem[] {
  const loaded = loadConfig(configFile, { text: JSON.stringify(settings) });
  if (loaded.ok) return [];
  return loaded.problems
    .filter(({ severity }) => severity === 'error')
    .map((problem) => source.locate(findingOf(problem, above)));
}

/** The same defect at its place below the scenario's key. */
function findingOf({ severity, path, message, hint }: Problem, above: Path): Finding {
  const at = message.startsWith('unknown key') ? 'key' : 'value';
  return { severity, at, message, hint, path: [...above, ...pathOf(path)] };
}

/** The way back from `rollout.steps[0].share`. */
function pathOf(text: string): (string | number)[] {
  return [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([part, index]) =>
    index === undefined ? part : Number(index),
  );
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
