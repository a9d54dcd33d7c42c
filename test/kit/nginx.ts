import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePorts, startChild, temporaryFolder } from './process.ts';
import type { Child } from './process.ts';
import { accepts } from './sockets.ts';
import { until } from './until.ts';

/**
 * The template convention: a line that ends in `#@port NAME` has the port on it replaced. The file
 * stays a valid configuration as it is committed.
 */
const PORT_LINE = /^(.*?[:\s])(\d{2,5})(?=[\s;/])(.*)#@port (\w+)\s*$/;

/** Temporary files of a build belong into the prefix: its own are often not writable. */
const TEMP_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

const ATTEMPTS = 3;

export interface NginxOptions {
  /** The configuration: a path to a file, or its text. */
  readonly file?: string;
  readonly text?: string;
  /** Ports by name; names of the file that are absent here get a free port. */
  readonly ports?: Readonly<Record<string, number>>;
}

export interface Nginx {
  readonly ports: Readonly<Record<string, number>>;
  /** Base URL of a named port. */
  readonly url: (name: string) => string;
  readonly pid: number;
  readonly prefix: string;
  readonly errorLog: () => string;
  /** A file below the prefix, such as an access log. */
  readonly read: (path: string) => string;
  readonly reload: () => void;
  readonly stop: () => Promise<void>;
}

/** Path of the `nginx` on PATH, or null. */
export function findNginx(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    try {
      const path = join(folder, 'nginx');
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return null;
}

/**
 * For `test.skipIf(!nginxOrSkip())`.
 * @throws when nginx is missing and CUTOVER_REQUIRE_NGINX=1: a skipped proof must not look like a passed one
 */
export function nginxOrSkip(): boolean {
  if (findNginx() !== null) return true;
  const message = 'nginx is not on PATH: tests that need a real one are skipped';
  if (process.env['CUTOVER_REQUIRE_NGINX'] === '1') throw new Error(message);
  process.stderr.write(`${message}\n`);
  return false;
}

/** Fills in the ports of a template. @returns the text and every port by its name */
export function fillPorts(
  template: string,
  ports: Readonly<Record<string, number>>,
): { text: string; used: Record<string, number> } {
  const used: Record<string, number> = {};
  const lines = template.split('\n').map((line) => {
    const match = PORT_LINE.exec(line);
    if (match === null) return line;
    const [, before = '', committed = '', after = '', name = ''] = match;
    const port = ports[name] ?? Number(committed);
    used[name] = port;
    return `${before}${port}${after}`;
  });
  return { text: lines.join('\n'), used };
}

function place(text: string): string {
  const temp = TEMP_PATHS.filter((name) => !text.includes(`${name}_temp_path`));
  const lines = temp.map((name) => `  ${name}_temp_path temp_${name};`).join('\n');
  const main = text
    .replace(/^\s*(pid|daemon|error_log|user)\s[^;]*;.*$/gm, '')
    .replace(/^(\s*http\s*\{)/m, `$1\n${lines}\n`);
  return `daemon off;\npid nginx.pid;\nerror_log error.log info;\n${main}`;
}

/**
 * Starts a real nginx in a directory of its own and waits until every port accepts.
 * @returns null when there is no nginx
 * @throws when CUTOVER_REQUIRE_NGINX=1 and there is none, or with its error log when it does not start
 */
export async function startNginx(options: NginxOptions): Promise<Nginx | null> {
  if (!nginxOrSkip()) return null;
  const template = options.text ?? readFileSync(options.file ?? '', 'utf8');
  const names = Object.keys(fillPorts(template, {}).used).filter(
    (name) => options.ports?.[name] === undefined,
  );
  for (let attempt = 1; ; attempt += 1) {
    const free = await freePorts(names.length);
    const chosen = Object.fromEntries(names.map((name, index) => [name, free[index] ?? 0]));
    try {
      return await launch(template, { ...options.ports, ...chosen });
    } catch (error) {
      // A port may have been taken since it was found free.
      if (attempt === ATTEMPTS || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function launch(template: string, ports: Readonly<Record<string, number>>): Promise<Nginx> {
  const folder = temporaryFolder('cutover-nginx');
  const prefix = folder.path;
  const { text, used } = fillPorts(template, ports);
  const conf = join(prefix, 'nginx.conf');
  writeFileSync(conf, place(text));
  const read = (path: string) => {
    try {
      return readFileSync(join(prefix, path), 'utf8');
    } catch {
      return '';
    }
  };
  const child = await startChild(findNginx() ?? 'nginx', ['-p', prefix, '-c', conf, '-e', 'stderr']);
  const errorLog = () => child.stderr() + read('error.log');
  const stop = async () => {
    await child.stop();
    folder.remove();
  };
  try {
    await waitUntilServing(child, () => read('nginx.pid') !== '', listenPorts(text), errorLog);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ports: used,
    url: (name) => {
      if (used[name] === undefined) throw new Error(`the configuration has no port named ${name}`);
      return `http://127.0.0.1:${used[name]}`;
    },
    pid: child.pid,
    prefix,
    errorLog,
    read,
    reload: () => child.signal('SIGHUP'),
    stop,
  };
}

function listenPorts(text: string): number[] {
  return [...text.matchAll(/^\s*listen\s+(?:\S+:)?(\d+)/gm)].map((match) => Number(match[1]));
}

/** nginx writes its pid when every listener is open: an answer before that came from another process. */
async function waitUntilServing(
  child: Child,
  hasPid: () => boolean,
  ports: readonly number[],
  errorLog: () => string,
): Promise<void> {
  const alive = () => {
    if (child.ended() !== null) throw new Error(`nginx ended with ${child.ended()}:\n${errorLog()}`);
    return true;
  };
  try {
    await until(() => alive() && hasPid(), 'nginx to open its listeners');
    for (const port of ports) await until(() => alive() && accepts(port), `nginx to accept on ${port}`);
  } catch (error) {
    throw new Error(`${String(error)}\n${errorLog()}`, { cause: error });
  }
}

/** What `nginx -t` says about a file as it is committed. @returns null when there is no nginx */
export async function testNginxFile(file: string): Promise<{ ok: boolean; output: string } | null> {
  if (!nginxOrSkip()) return null;
  const folder = temporaryFolder('cutover-nginx-t');
  try {
    const tested = withCertificate(file, folder.path);
    const child = await startChild(findNginx() ?? 'nginx', [
      '-t',
      '-p',
      folder.path,
      '-c',
      tested,
      '-e',
      'stderr',
    ]);
    const code = await child.exited;
    return { ok: code === 0, output: child.stderr() };
  } finally {
    folder.remove();
  }
}

/** A configuration with TLS names certificates that are made when it is used: here committed ones stand in. */
function withCertificate(file: string, folder: string): string {
  const text = readFileSync(file, 'utf8');
  if (!text.includes('ssl_certificate tls.pem;')) return file;
  const part = (name: string) => readFileSync(new URL(`certificates/${name}`, import.meta.url), 'utf8');
  writeFileSync(join(folder, 'tls.pem'), part('server.pem') + part('server.key'));
  writeFileSync(join(folder, 'clients.pem'), part('ca.pem'));
  const copy = join(folder, 'nginx.conf');
  writeFileSync(copy, text);
  return copy;
}
