import { configSchema } from '../config/schema.ts';
import {
  differenceDetailSchema,
  differencesSchema,
  ignoredSchema,
  replayedSchema,
} from '../control/schema/differences.ts';
import { gateSchema } from '../control/schema/gate.ts';
import { historySchema } from '../control/schema/history.ts';
import { proofSchema } from '../control/schema/proof.ts';
import { notificationSchema } from '../control/schema/notification.ts';
import { statusSchema } from '../control/schema/status.ts';
import { benchSchema } from '../report/bench-schema.ts';
import { changeSchema } from '../report/change-schema.ts';
import { checkSchema } from '../report/check-schema.ts';
import { planSchema } from '../report/plan-schema.ts';
import { replayGateSchema } from '../report/replay-gate-schema.ts';
import { replayReportSchema } from '../report/replay-schema.ts';
import { reportSchema } from '../report/schema.ts';
import { explanationSchema, routesSchema } from '../report/routes-schema.ts';
import { waitSchema } from '../report/wait-schema.ts';
import { rehearsalSchema } from '../scenario/result-schema.ts';
import { scenarioSchema } from '../scenario/schema.ts';

/** Every schema that is published, by the name of its file under `docs/schema/`. */
export const schemas = {
  configuration: configSchema,
  scenario: scenarioSchema,
  rehearsal: rehearsalSchema,
  status: statusSchema,
  gate: gateSchema,
  plan: planSchema,
  wait: waitSchema,
  history: historySchema,
  proof: proofSchema,
  notification: notificationSchema,
  differences: differencesSchema,
  difference: differenceDetailSchema,
  'difference-ignored': ignoredSchema,
  'difference-replayed': replayedSchema,
  check: checkSchema,
  routes: routesSchema,
  'routes-explain': explanationSchema,
  change: changeSchema,
  report: reportSchema,
  replay: replayReportSchema,
  'replay-gate': replayGateSchema,
  bench: benchSchema,
} as const;

export type SchemaName = keyof typeof schemas;

/**
 * A schema as JSON Schema draft 7, which is what editors support best: the text of `docs/schema/<name>.json`.
 * It describes what people write, units included, not what the program makes of it.
 */
export function schemaText(name: SchemaName): string {
  const schema = schemas[name].toJSONSchema({ target: 'draft-7', io: 'input' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
