import { MIN_NGINX_LEAD, nginxLead } from './figures.ts';
import type { Outcome } from './report.ts';
import { findWork } from './works.ts';
import type { ToggleStateName } from './works.ts';

/** Whether a run counts, and what it says. */
export interface Verdict {
  readonly lines: readonly string[];
  readonly exitCode: 0 | 1;
}

/** Copies that were really made, of those that were asked for: below it a work did not do what it is named for. */
const MIN_COPIED = 0.9;
const COPYING: readonly ToggleStateName[] = ['on', 'hung', 'uncompared', 'compared'];

/** Rows whose copies were not made. A hung candidate counts nothing: how many reach it is the subject's choice. */
function withoutCopies({ rows, toggles }: Outcome): string[] {
  const lines: string[] = [];
  for (const { work: name, subject, copies } of rows) {
    const work = findWork(name);
    if (work === null || work.candidate === 'hung' || copies === null) continue;
    if (copies < work.copied * MIN_COPIED)
      lines.push(`void: ${name} ${subject} made ${copies.toFixed(2)} copies a request, not ${work.copied}`);
  }
  for (const { subject, states } of toggles)
    for (const { state, windows, copies } of states)
      if (COPYING.includes(state) && windows > 0 && copies !== null && copies <= 0)
        lines.push(`void: ${subject} made no copies while its shadow was ${state}`);
  return lines;
}

/**
 * A run with errors or failures, without its copies or with a crippled rival is void, whatever its figures; a missed target fails
 * a run that asserts.
 */
export function verdictOf(outcome: Outcome, asserts: boolean): Verdict {
  const lines = withoutCopies(outcome);
  for (const { work, subject, reason } of outcome.failures)
    lines.push(`void: ${work} ${subject} failed: ${reason.split('\n')[0]}`);
  for (const { work, subject, errors } of outcome.rows)
    if (errors > 0) lines.push(`void: ${work} ${subject} had ${errors} errors`);
  for (const { subject, errors } of outcome.toggles)
    if (errors > 0) lines.push(`void: ${subject} had ${errors} errors while its shadow was switched`);
  for (const { guard, errors } of outcome.overloads)
    if (errors > 0) lines.push(`void: a flooded worker with its guard ${guard} made ${errors} errors`);
  const lead = nginxLead(outcome.rows);
  if (lead !== null && lead < MIN_NGINX_LEAD)
    lines.push(`void: nginx must be at least ${MIN_NGINX_LEAD} × node:http to be a rival`);
  const isVoid = lines.length > 0;
  if (lead !== null) lines.unshift(`nginx is ${lead.toFixed(2)} × node:http per CPU-second`);
  const missed = outcome.targets.filter((target) => target.state === 'missed').length;
  if (missed > 0) lines.push(`${missed} of ${outcome.targets.length} targets missed`);
  return { lines, exitCode: isVoid || (asserts && missed > 0) ? 1 : 0 };
}
