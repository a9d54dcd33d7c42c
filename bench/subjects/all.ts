import type { SubjectName } from '../works.ts';
import { cutover } from './cutover.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { fastify, httpxy, nodeHttp, undici } from './node-proxy.ts';
import type { Subject } from './subject.ts';

/** Every subject, and with how many workers it runs. */
export const SUBJECTS: Readonly<Record<SubjectName, Subject & { readonly workers: number }>> = {
  nginx: { ...nginx, workers: 1 },
  cutover: { ...cutover, workers: 1 },
  haproxy: { ...haproxy, workers: 1 },
  undici: { ...undici, workers: 1 },
  httpxy: { ...httpxy, workers: 1 },
  fastify: { ...fastify, workers: 1 },
  'node:http': { ...nodeHttp, workers: 1 },
  'cutover-2-workers': { ...cutover, name: 'cutover-2-workers', workers: 2 },
  'cutover-4-workers': { ...cutover, name: 'cutover-4-workers', workers: 4 },
};
