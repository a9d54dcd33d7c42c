import { buildPlan } from '../../report/plan.ts';
import { EXIT } from '../exit-codes.ts';
import { withGateway } from '../gateway.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { planText } from '../views/plan.ts';

/** What `advance` would do. A look and no verdict: it ends with 0, also when `advance` would be refused. */
export const plan: Verb = async (io, options) =>
  await withGateway(io, options, async ({ ask }) => {
    const found = buildPlan(await ask((client) => client.status()));
    say(io, options, found, () => planText(found, paintFor(io, options.color)));
    return EXIT.done;
  });
