import { answerSubject } from './answer-subject.ts';
import { differencesSubject } from './differences-subject.ts';
import { openGatewaySubject } from './gateway-subject.ts';
import { requestSubject } from './request-subject.ts';
import type { Subject } from './subject.ts';
import { openUpstreamSubject } from './upstream-subject.ts';

/** Everything that is fuzzed; what listens is closed by each subject's `close`. */
export async function openSubjects(): Promise<Subject[]> {
  return [
    requestSubject,
    answerSubject,
    await openGatewaySubject(),
    await openUpstreamSubject(),
    differencesSubject,
  ];
}
