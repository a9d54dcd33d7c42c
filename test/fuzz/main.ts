import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { shown } from './message.ts';
import { fuzz } from './run.ts';
import type { Outcome } from './run.ts';
import { openSubjects } from './subjects.ts';

const USAGE = `node test/fuzz/main.ts [--seconds N] [--seed S] [--subject NAME]...

  --seconds  for all subjects together (20)
  --seed     makes a run again; without it one is drawn and printed
  --subject  only this one: requests, answers, gateway, upstream, differences
`;

function report({ subject, executions, perSecond, failure }: Outcome): string {
  const line = `${subject.padEnd(9)} ${executions} executions, ${perSecond} a second`;
  if (failure === null) return `${line}, nothing found\n`;
  const { execution, problem, input, shrunk } = failure;
  return `${line}\n  execution ${execution} failed: ${problem}\n  shrunk  ${shown(shrunk)}\n  input   ${shown(input)}\n`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '20' },
      seed: { type: 'string' },
      subject: { type: 'string', multiple: true },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  process.stdout.write(`seed ${seed}\n`);
  const all = await openSubjects();
  const chosen = all.filter(({ name }) => values.subject?.includes(name) ?? true);
  const milliseconds = (Number(values.seconds) * 1000) / Math.max(1, chosen.length);
  for (const subject of chosen) {
    const outcome = await fuzz(subject, { seed, milliseconds, executions: Number.POSITIVE_INFINITY });
    process.stdout.write(report(outcome));
    if (outcome.failure !== null) process.exitCode = 1;
  }
  for (const subject of all) await subject.close?.();
}

await main();
