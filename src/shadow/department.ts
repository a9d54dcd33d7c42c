import type { ShadowConfig } from '../core/snapshot.ts';
import { classId } from '../diff/fingerprint.ts';
import { ClassTable } from '../telemetry/classes.ts';
import { EndpointTable } from './endpoint.ts';
import { maskRequest } from './mask-request.ts';
import { Mirror } from './mirror.ts';
import { DiffSink } from './pair-sink.ts';

/** Everything about copies that one worker has once. */
export interface ShadowDepartment {
  readonly mirror: Mirror;
  readonly classes: ClassTable;
  readonly endpoints: EndpointTable;
  readonly sink: DiffSink;
}

/** Starts the diff thread and what leads to it. */
export function openShadow(
  shadow: ShadowConfig,
  log: (level: 'warn', message: string) => void,
): ShadowDepartment {
  const classes = new ClassTable(classId);
  const sink = new DiffSink(log);
  const mirror = new Mirror({ sink, classes, mask: maskRequest, shadow });
  return { mirror, classes, endpoints: new EndpointTable(), sink };
}
