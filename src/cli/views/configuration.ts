import type {
  ConfigurationChange,
  ConfigurationVersion,
} from '../../control/schema/configuration-version.ts';
import { safe } from '../format.ts';

type Changes = Pick<ConfigurationChange, 'sequence' | 'changes' | 'more'>;

/** What an entry changed in the configuration, one line a key. @param most lines for keys; the rest is counted */
export function changesText({ sequence, changes, more }: Changes, most: number): string {
  const indent = `  #${sequence}  `;
  const left = more + Math.max(0, (changes ?? []).length - most);
  const lines = [
    ...keyLines(changes).slice(0, most),
    ...(left === 0 ? [] : [`and ${left} more: cutover history --configuration ${sequence}`]),
  ];
  return lines.map((line, index) => `${index === 0 ? indent : ' '.repeat(indent.length)}${line}\n`).join('');
}

/** The file as it was, with what changed in comments on top: it may be written over the one there is. */
export function configurationText({ sequence, changes, more, text }: ConfigurationVersion): string {
  const left = more === 0 ? [] : [`and ${more} more`];
  const head = [`configuration of entry ${sequence} of the history`, ...keyLines(changes), ...left];
  const missing = '# its text is not kept: it held what looks like a secret, or was too large\n';
  return `${head.map((line) => `# ${line}\n`).join('')}${text ?? missing}`;
}

function keyLines(changes: Changes['changes']): string[] {
  if (changes === null) return ['what it changed is not known: it is the first one that is kept'];
  if (changes.length === 0) return ['no key of the file'];
  return changes.map(({ key, from, to }) => {
    if (from === null) return `${safe(key)}: added, ${safe(to ?? '')}`;
    return to === null
      ? `${safe(key)}: removed, was ${safe(from)}`
      : `${safe(key)}: ${safe(from)} -> ${safe(to)}`;
  });
}
