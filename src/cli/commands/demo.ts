import { fileURLToPath } from 'node:url';
import type { Verb } from '../verbs.ts';
import { rehearseFile } from './rehearse.ts';

const DEMO = fileURLToPath(new URL('../../../scenarios/demo.yaml', import.meta.url));

/** A bad candidate is stopped, a fixed one is led through all phases: `rehearse scenarios/demo.yaml` from anywhere. */
export const demo: Verb = async (io, options) => await rehearseFile(io, options, DEMO);
