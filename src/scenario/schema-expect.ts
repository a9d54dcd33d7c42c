import { z } from 'zod';
import { section, text, word } from '../config/fields.ts';

/** How an expectation compares. `matches` is a regular expression of the scenario's author. */
export const OPERATORS = [
  'eq',
  'ne',
  'lt',
  'lte',
  'gt',
  'gte',
  'contains',
  'lacks',
  'matches',
  'exists',
] as const;

export type Operator = (typeof OPERATORS)[number];

/** The keys of a comparison with what stands at a place. */
export const PROMISE = {
  path: text(
    'JSON Pointer into the result: /client, /phases, /gates, /status, /history, /differences, /exits, …',
    '/client/errors',
  ),
  op: word('how to compare; contains takes a part of a text, or an entry of a list', OPERATORS).prefault(
    'eq',
  ),
  value: z
    .unknown()
    .describe('what is expected there; for contains and lacks a map fits an entry that has all its keys')
    .optional(),
};

interface Promised {
  readonly path: string;
  readonly op: Operator;
  readonly value?: unknown;
}

/** What is wrong with a comparison whose keys are all right by themselves. */
export function refinePromise(promised: Promised, context: z.RefinementCtx): void {
  for (const [key, message] of faultsOf(promised))
    context.addIssue({ code: 'custom', message, path: key === '' ? [] : [key] });
}

function faultsOf({ path, op, value }: Promised): [key: string, message: string][] {
  const faults: [string, string][] = [];
  if (!/^(\/([^~/]|~[01])*)+$/.test(path))
    faults.push(['path', 'expected a JSON Pointer\nfor example: /client/errors']);
  if (op !== 'exists' && value === undefined)
    faults.push(['', 'there is no value to compare with\nadd value: …']);
  if (op === 'matches' && value !== undefined && !isPattern(value))
    faults.push(['value', 'expected a regular expression\nfor example: "^nginx "']);
  return faults;
}

/** One promise about the result. */
export const expectationSchema = section(
  { name: text('the promise, as a sentence', 'no client saw an error'), ...PROMISE },
  'one thing that must hold at the end',
).superRefine(refinePromise);

function isPattern(value: unknown): boolean {
  try {
    return typeof value === 'string' && new RegExp(value).source !== '';
  } catch {
    return false;
  }
}

export type Expectation = z.output<typeof expectationSchema>;
