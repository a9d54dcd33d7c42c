import { Option } from 'commander';
import type { Command } from 'commander';
import type { Io } from './io.ts';
import { flags } from './options.ts';
import type { Options } from './options.ts';
import { replayFlags } from './replay-options.ts';

/** One verb: it gets its process, its flags and its arguments, and answers its exit code. */
export type Verb = (io: Io, options: Options, args: readonly string[]) => Promise<number>;

/** Declares a verb whose module is loaded when it runs. */
export type Add = (spec: string, text: string, load: () => Promise<Verb>, parent?: Command) => Command;

const load = {
  demo: async () => (await import('./commands/demo.ts')).demo,
  rehearse: async () => (await import('./commands/rehearse.ts')).rehearse,
  init: async () => (await import('./commands/init.ts')).init,
  check: async () => (await import('./commands/check.ts')).check,
  run: async () => (await import('./commands/run.ts')).run,
  reload: async () => (await import('./commands/reload.ts')).reload,
  status: async () => (await import('./commands/status.ts')).status,
  dashboard: async () => (await import('./commands/dashboard.ts')).dashboard,
  gate: async () => (await import('./commands/gate.ts')).gate,
  plan: async () => (await import('./commands/plan.ts')).plan,
  wait: async () => (await import('./commands/wait.ts')).wait,
  advance: async () => (await import('./commands/advance.ts')).advance,
  rollback: async () => (await import('./commands/rollback.ts')).rollback,
  pause: async () => (await import('./commands/pause.ts')).pause,
  resume: async () => (await import('./commands/pause.ts')).resume,
  bypass: async () => (await import('./commands/bypass.ts')).bypass,
  replay: async () => (await import('./commands/replay.ts')).replay,
  report: async () => (await import('./commands/report.ts')).report,
  history: async () => (await import('./commands/history.ts')).history,
  list: async () => (await import('./commands/differences.ts')).listDifferences,
  show: async () => (await import('./commands/differences.ts')).showDifference,
  explain: async () => (await import('./commands/differences.ts')).explainDifference,
  ignore: async () => (await import('./commands/ignore.ts')).ignoreDifference,
  routes: async () => (await import('./commands/routes.ts')).listRoutes,
  explainRoute: async () => (await import('./commands/routes.ts')).explainRoute,
  replayExample: async () => (await import('./commands/replay-example.ts')).replayDifference,
} as const;

/** Declares every verb that is built, in the groups of the help. */
export function addVerbs(add: Add): void {
  addStartVerbs(add);
  addGatewayVerbs(add);
  addRolloutVerbs(add);
  addEvidenceVerbs(add);
}

function addStartVerbs(add: Add): void {
  const group = 'Start here:';
  const rehearsing = (command: Command): Command =>
    command
      .helpGroup(group)
      .addOption(flags.json())
      .addOption(flags.seed())
      .option('--keep', 'keep the folder of the run: database, logs, configuration');
  rehearsing(add('demo', 'a bad candidate is stopped and a fixed one led through, in a minute', load.demo));
  rehearsing(add('rehearse <file>', 'run a scenario: servers, traffic, faults, expectations', load.rehearse));
}

function addGatewayVerbs(add: Add): void {
  const group = 'Gateway:';
  add('init', 'write a commented cutover.yaml', load.init)
    .helpGroup(group)
    .option('--legacy <url>', 'a server of the NGINX that serves today')
    .option('--candidate <url>', 'a server of its replacement')
    .option('--force', 'overwrite the file if it exists');
  add('check', 'find every problem of the configuration', load.check)
    .helpGroup(group)
    .addOption(flags.json())
    .option('--nginx <file>', 'find the traps of mirror in an nginx.conf and what it includes')
    .option('--schema [name]', 'print a JSON Schema: configuration (default), status, history, …');
  add('run', 'run the gateway in the foreground; a newer build takes over from an older one', load.run)
    .helpGroup(group)
    .option(
      '--take-over',
      'from a gateway that runs here already, whatever its build and configuration file',
    );
  commanding(add('reload', 'apply the changed configuration', load.reload), group);
  addRoutes(add, group);
}

function addRoutes(add: Add, group: string): void {
  const routes = asking(add('routes', 'the routes in the order in which they are asked', load.routes), group)
    .usage('[explain <method> <url>] [options]')
    .addOption(flags.runDir());
  add(
    'explain <method> <url>',
    'which route, lane, filters and servers a request gets, and why',
    load.explainRoute,
    routes,
  )
    .addOption(flags.requestHeader())
    .addOption(flags.from());
}

function addRolloutVerbs(add: Add): void {
  const group = 'Rollout:';
  asking(add('status', 'show where the rollout stands', load.status), group)
    .addOption(flags.watch())
    .addOption(flags.intervalMs());
  asking(add('dashboard', 'watch the rollout on a screen of its own', load.dashboard), group)
    .addOption(flags.runDir())
    .addOption(flags.intervalMs())
    .option('--plain', 'one line per change instead, as where there is no terminal');
  asking(add('gate', 'ask the gates and say why; the exit code is the verdict', load.gate), group)
    .addOption(replayFlags.report())
    .addOption(replayFlags.baseline())
    .addOption(replayFlags.failOn());
  asking(add('plan', 'what advance would do, and what it waits for', load.plan), group);
  add('wait', 'wait for a verdict or a phase, one line per change', load.wait)
    .helpGroup(group)
    .addOption(flags.goal().makeOptionMandatory())
    .addOption(flags.json())
    .addOption(flags.timeoutMs('longest wait for the condition', '30m'))
    .addOption(flags.intervalMs('time between two looks'))
    .addOption(flags.admin());
  commanding(add('advance', 'go on to the next step or phase', load.advance), group)
    .addOption(flags.to())
    .addOption(flags.region('lets one region in again that was taken back alone'))
    .addOption(new Option('--force', 'whatever the gates say; wants --reason'))
    .addOption(new Option('--approve', 'agree to a step that waits for approval; wants --reason'))
    .addOption(flags.yes());
  commanding(add('rollback', 'go one step or phase back, at once', load.rollback), group, true)
    .addOption(flags.to())
    .addOption(flags.region('takes back one region alone: legacy answers it'))
    .addOption(flags.yes());
  commanding(add('pause', 'hold the rollout where it is', load.pause), group);
  commanding(add('resume', 'go on after a pause', load.resume), group);
  commanding(add('bypass', 'kill switch: all traffic to legacy, no copies', load.bypass), group)
    .option('--off', 'lift the kill switch again')
    .addOption(flags.yes());
}

function addEvidenceVerbs(add: Add): void {
  const group = 'Evidence:';
  asking(add('history', 'who changed what, when and why', load.history), group)
    .addOption(flags.runDir())
    .addOption(flags.limit('the newest entries only', 100))
    .addOption(flags.evidence());
  asking(add('report', 'what was measured, for people and programs', load.report), group)
    .addOption(flags.runDir())
    .addOption(flags.format())
    .addOption(flags.output())
    .addOption(replayFlags.replay())
    .addOption(flags.limit('the largest classes of differences only', 50));
  addReplay(add, group);
  const differences = asking(add('differences', 'classes of differences between the lanes', load.list), group)
    .usage('[list | show <id> | explain <id> | ignore <id> | replay <id>] [options]')
    .addOption(flags.runDir())
    .addOption(flags.limit('the largest classes only', 50))
    .addOption(flags.endpoint())
    .addOption(flags.kind())
    .addOption(flags.verdict())
    .addOption(flags.offset());
  add('list', 'all classes, largest first', load.list, differences);
  add('show <id>', 'one class, its examples side by side and a curl per lane', load.show, differences);
  add(
    'explain <id>',
    'why a class is unexplained, noise of legacy itself, or undecided',
    load.explain,
    differences,
  );
  add('ignore <id>', 'accept a rule: it is written into the configuration', load.ignore, differences)
    .addOption(flags.reason('why it does not matter (required)').makeOptionMandatory(true))
    .addOption(flags.owner())
    .addOption(flags.expiresMs());
  add('replay <id>', 'ask both lanes again: does it still differ?', load.replayExample, differences)
    .addOption(flags.target())
    .addOption(flags.header());
}

function addReplay(add: Add, group: string): void {
  const command = add('replay <file>', 'send a capture to both lanes and compare the answers', load.replay)
    .helpGroup(group)
    .option('--legacy <url>', 'the legacy server (default: the configured one)')
    .option('--candidate <url>', 'the candidate server (default: the configured one)')
    .addOption(flags.json())
    .addOption(flags.format())
    .addOption(flags.output())
    .addOption(flags.seed('names requests from this seed: the same seed gives the same report'))
    .addOption(flags.timeoutMs('longest wait for an answer, on each lane', '10s'));
  for (const option of replayFlags.pacing()) command.addOption(option);
}

/** What every verb has that reads from the gateway. */
function asking(command: Command, group: string): Command {
  return command
    .helpGroup(group)
    .addOption(flags.json())
    .addOption(flags.timeoutMs())
    .addOption(flags.admin());
}

/** What every verb has that changes something. */
function commanding(command: Command, group: string, mustSayWhy = false): Command {
  return asking(command, group)
    .addOption(flags.runDir())
    .addOption(
      flags
        .reason(mustSayWhy ? 'why, for the history (required)' : 'why, for the history')
        .makeOptionMandatory(mustSayWhy),
    );
}
