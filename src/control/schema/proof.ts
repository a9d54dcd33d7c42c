import { z } from 'zod';
import type { GateInput } from '../../rollout/gates/decide.ts';
import type { GateReport } from '../../rollout/gates/types.ts';
import { gateReportSchema } from './gate.ts';
import { gateInputSchema, keepGateInput } from './gate-input.ts';

/** What one move of the rollout was decided on: stored with it, and judged again by `cutover gate --report`. */
export const proofSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    kind: z.literal('proof'),
    meta: z.strictObject({
      build: z.string(),
      madeAtMs: z.int().nonnegative().describe('milliseconds since the Unix epoch'),
    }),
    gate: gateReportSchema,
    gateInput: gateInputSchema,
  })
  .meta({ title: 'Cutover proof: what a move of the rollout was decided on' });

export type Proof = z.infer<typeof proofSchema>;

/** The proof of a verdict, JSON. @param input as it may be kept: without secrets */
export function proofText(build: string, input: GateInput, gate: GateReport): string {
  const meta = { build, madeAtMs: input.nowMs };
  return JSON.stringify({ schemaVersion: 1, kind: 'proof', meta, gate, gateInput: keepGateInput(input) });
}
