import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/config/load.ts';
import { shellCommands } from '../tidy/documents.ts';
import { read } from '../tidy/files.ts';
import { fakeIo } from './kit.ts';

/** The blocks of a language in a guide. */
function blocks(file: string, language: string): string[] {
  return [...read(file).matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] ?? '',
  );
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}

/** Every command line of the guides that calls Cutover. */
function commands(): string[] {
  const shell = ['docs/replay.md', 'docs/mirror.md'].flatMap((file) => shellCommands(read(file)));
  const workflow = parse(blocks('docs/replay.md', 'yaml')[0] ?? '') as Workflow;
  const steps = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  return [...shell, ...steps].flatMap((line) => /^(?:npx )?cutover (.*)$/.exec(line.trim())?.[1] ?? []);
}

test('each command of the guides to replay and mirror has flags that exist', () => {
  const found = commands();
  expect(found.length).toBeGreaterThan(4);
  for (const line of found) {
    const words = line.match(/'[^']*'|\S+/g) ?? [];
    const command = createProgram(fakeIo().io, { exitCode: 0 }).commands.find(
      (each) => each.name() === words[0],
    );
    const known = (command?.options ?? []).flatMap(({ long, short }) => [long, short]);
    expect(
      words.filter((word) => /^--?[a-z]/.test(word) && !known.includes(word)),
      line,
    ).toEqual([]);
  }
});

test('the configuration of the guide to mirror can be used as it is', () => {
  const [text = ''] = blocks('docs/mirror.md', 'yaml');
  const loaded = loadConfig('cutover.yaml', { text });
  expect(loaded.ok ? loaded.warnings : loaded.problems).toEqual([]);
  expect(loaded.ok && loaded.config.gateway.listeners[0]?.mirror).toBe(true);
});
