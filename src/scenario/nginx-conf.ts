/** Temporary files of a build belong below the prefix: its own folders are often not writable. */
const TEMP_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** Directives that the rehearsal sets itself, wherever the file has them. */
const OWN = /^[ \t]*(pid|daemon|error_log|user)\s[^;]*;[ \t]*$/gm;

/**
 * A configuration whose process stays in the foreground, below its prefix, and can write there as root, too.
 * @param text with its names filled in
 */
export function rehearsalConf(text: string, isRoot: boolean): string {
  const temp = TEMP_PATHS.filter((name) => !text.includes(`${name}_temp_path`));
  const lines = temp.map((name) => `  ${name}_temp_path temp_${name};`).join('\n');
  const main = text.replace(OWN, '').replace(/^(\s*http\s*\{)/m, `$1\n${lines}\n`);
  const user = isRoot ? 'user root;\n' : '';
  return `daemon off;\n${user}pid nginx.pid;\nerror_log stderr info;\n${main}`;
}
