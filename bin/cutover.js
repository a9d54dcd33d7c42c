#!/usr/bin/env node
// Plain old JavaScript without static imports: it must load on any Node that knows ES modules (12.17),
// because on a wrong Node the product's libraries crash without words.
// No optional chaining, no `??`, no top-level await, no `node:` specifiers here.

const NEEDED_MAJOR = 24;
const GUARD = 'CUTOVER_REEXECUTED';
const USAGE_ERROR = 2;
const here = new URL('.', import.meta.url);
const major = Number(process.versions.node.split('.')[0]);

function fail(message, hint) {
  process.stderr.write('error: ' + message + '\n  hint: ' + hint + '\n');
  process.exitCode = USAGE_ERROR;
}

/** The pinned runtime: a dependency beside this package, or hoisted to a directory above it. */
function findRuntime(fs, url) {
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let up = '../'; ; up += '../') {
    const place = new URL(up + 'node_modules/node/bin/' + file, here);
    const path = url.fileURLToPath(place);
    if (fs.existsSync(path)) return path;
    if (new URL(up, here).pathname === new URL(up + '../', here).pathname) return null;
  }
}

/** Runs this file again under another Node: same streams, signals passed on, same exit code. */
function reexecute(child_process, runtime, file) {
  const env = Object.assign({}, process.env);
  env[GUARD] = '1';
  const child = child_process.spawn(runtime, [file].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    env: env,
  });
  ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'].forEach(function pass(signal) {
    process.on(signal, function forward() {
      child.kill(signal);
    });
  });
  child.on('error', function failed(error) {
    fail('the pinned Node runtime does not start: ' + error.message, 'npm rebuild node');
    process.exit();
  });
  child.on('exit', function ended(code, signal) {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function startUnderPinned(fs, url, child_process) {
  const runtime = process.env[GUARD] === '1' ? null : findRuntime(fs, url);
  if (runtime !== null) {
    reexecute(child_process, runtime, url.fileURLToPath(import.meta.url));
    return;
  }
  fail(
    'Cutover needs Node ' +
      NEEDED_MAJOR +
      ' or newer, this is ' +
      process.versions.node +
      ', and the pinned runtime is not installed',
    'npm ci --include=optional (without --ignore-scripts), or run it with Node ' + NEEDED_MAJOR,
  );
}

/** The sources in a checkout, the compiled files in an installed package. */
function start(fs) {
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const built = new URL('../dist/cli/main.js', import.meta.url);
  if (fs.existsSync(source)) return import(source.href);
  if (fs.existsSync(built)) return import(built.href);
  fail('neither src/ nor dist/ is here', 'npm run build');
  return undefined;
}

if (major >= NEEDED_MAJOR) {
  delete process.env[GUARD];
  void import('fs').then(start);
} else {
  void Promise.all([import('fs'), import('url'), import('child_process')]).then(function loaded(modules) {
    return startUnderPinned(modules[0], modules[1], modules[2]);
  });
}
