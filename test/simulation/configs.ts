import type { CompiledConfig } from '../../src/config/compile.ts';
import { loadConfig } from '../../src/config/load.ts';

/** Width of a window, seconds: a phase is proven in some of them. */
const WINDOW_S = 5;

interface Variant {
  readonly version: string;
  readonly steps: string;
  readonly more?: string;
  readonly reverseShadow?: string;
}

const STEPS = '{ region: eu, share: 30% }, { region: us, share: 50% }, { region: eu, share: 100% }';

/** What operators load in the course of a simulation: other candidates, plans that are longer, shorter, steeper. */
const VARIANTS: readonly Variant[] = [
  { version: 'v1', steps: STEPS },
  { version: 'v1', steps: '{ region: eu, share: 30% }, { region: eu, share: 100% }' },
  { version: 'v1', steps: '{ region: us, share: 60% }, { region: eu, share: 20% }' },
  { version: 'v2', steps: STEPS, more: 'approval: required, ' },
  { version: 'v2', steps: '', reverseShadow: '0%' },
  { version: 'v3', steps: STEPS, reverseShadow: '0%' },
];

function textOf({ version, steps, more = '', reverseShadow = '30%' }: Variant): string {
  return `
listen: [{ address: 127.0.0.1:8080 }]
region: { header: x-region, from: [10.0.0.0/8] }
legacy: { servers: [http://127.0.0.1:8081] }
candidate:
  version: ${version}
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes:
    - { name: api, match: { path: /api/ }, upstream: shop, critical: true }
    - { name: rest, match: { path: / }, upstream: shop }
rollout:
  window: ${WINDOW_S}s
  shadow: { sample: 50%, dwell: 5s, maxDuration: 3m }
  canary: { match: [{ header: { x-canary: internal }, from: [10.0.0.0/8] }], dwell: 5s, maxDuration: 3m }
  regional: { steps: [${steps}], ${more}dwell: 5s, maxDuration: 3m }
  enforce: { reverseShadow: ${reverseShadow}, dwell: 5s }
  gates:
    minPairs: 60
    errorRate: { margin: 4pp }
    tail: { margin: 10pp }
    differences: { margin: 4pp }
    bake: { badWindows: 50% }
`;
}

let compiled: readonly CompiledConfig[] | null = null;

/** Read and compiled by the product itself, once a process. */
export function configurations(): readonly CompiledConfig[] {
  compiled ??= VARIANTS.map((variant) => {
    const loaded = loadConfig('cutover.yaml', { text: textOf(variant), environment: {} });
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
    return loaded.config;
  });
  return compiled;
}
