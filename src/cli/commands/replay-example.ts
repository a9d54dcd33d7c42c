import { replayExample } from '../../control/replay-example.ts';
import type { Replayed } from '../../control/schema/differences.ts';
import { wallMs } from '../../core/clock.ts';
import { EXIT } from '../exit-codes.ts';
import * as format from '../format.ts';
import { say } from '../say.ts';
import { sideBySide } from '../side-by-side.ts';
import type { Side } from '../side-by-side.ts';
import type { Verb } from '../verbs.ts';
import { shown } from '../views/differences.ts';
import { configIn, oneClass } from './differences.ts';

/** Asks both lanes again what an example asked: exit 0 when the class does not show any more, 3 when it does. */
export const replayDifference: Verb = async (io, options, [id = '']) => {
  const detail = await oneClass(io, options, id);
  const replayed = await replayExample(detail, configIn(options.config).gateway, {
    target: options.target,
    fields: options.header,
    timeoutMs: options.timeoutMs,
    signal: io.signal,
    nowMs: wallMs(),
  });
  say(io, options, replayed, () => textOf(replayed, io.out.columns));
  return replayed.differs ? EXIT.regression : EXIT.done;
};

function textOf(
  { differs, request, differences, legacy, candidate, missing }: Replayed,
  columns: number,
): string {
  const word = differs ? 'still differs' : 'does not differ any more';
  const lacks =
    missing.length === 0 ? '' : `asked without what was masked: ${missing.map(format.safe).join(', ')}\n`;
  const values = differences.map((each): Side => [
    format.safe(each.path || '(whole document)'),
    shown(each.legacy),
    shown(each.candidate),
  ]);
  const rows: Side[] = [
    ...values,
    ['status', String(legacy.status), String(candidate.status)],
    ['body', `${format.count(legacy.bodyBytes)} bytes`, `${format.count(candidate.bodyBytes)} bytes`],
    ['time', format.milliseconds(legacy.totalUs / 1_000), format.milliseconds(candidate.totalUs / 1_000)],
  ];
  return `${format.safe(request)}: ${word}\n${lacks}${sideBySide(['', 'LEGACY', 'CANDIDATE'], rows, columns)}`;
}
