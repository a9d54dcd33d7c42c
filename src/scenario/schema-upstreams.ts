import { z } from 'zod';
import { duration, list, matching, named, section, size, text, whole, word } from '../config/fields.ts';

const headerName = z
  .string()
  .regex(/^[\w-]{1,64}$/, { error: 'expected a header name\nfor example: cache-control' });

const answer = section(
  {
    method: word('the method, any if left out', ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    path: matching(
      'path template: {id} stands for one segment, a / at the end for everything below',
      /^\//,
      'a path',
      '/orders/{id}',
    ).prefault('/'),
    status: whole('the status', 200, 599, 200).prefault(200),
    headers: named(text('the value', 'no-store'), headerName, 'headers of the answer').prefault({}),
    json: z.unknown().describe('JSON body; "{id}" is the segment of the path').optional(),
    text: text('text body; {id} is the segment of the path', 'ok').optional(),
    bytes: size('a body of this size').optional(),
    latency: duration('median time until the answer').prefault('30ms'),
    p99: duration(
      'time within which 99 of 100 answers come; the others take longer. Four times the median if left out',
    ).optional(),
  },
  'one answer',
)
  .refine(({ json, text, bytes }) => [json, text, bytes].filter((body) => body !== undefined).length <= 1, {
    error: 'expected at most one of: json, text, bytes\nkeep one of them',
  })
  .refine(({ latency, p99 = latency }) => p99 >= latency, {
    error: 'expected a p99 that is no less than the latency\nfor example: latency: 10ms, p99: 40ms',
    path: ['p99'],
  });

const indexer = section(
  {
    lines: text('the file of siem.events, beside the configuration of the gateway', './siem.json').prefault(
      './siem.json',
    ),
    rules: text(
      'rules of Wazuh 4, beside the scenario; left out: Wazuh 5, which counts events',
      '../deploy/wazuh/local_rules.xml',
    ).optional(),
    refresh: duration('records are found after so long at the most').prefault('5s'),
    username: text('who may search', 'cutover').prefault('cutover'),
    password: text('its password: this indexer lives as long as the rehearsal', 'rehearsed'),
  },
  'a stand-in of the Wazuh indexer, and what brings it the lines of the gateway',
);

/** A server that the rehearsal starts: scripted answers, or a real NGINX with its own file. */
export const upstreamSchema = section(
  {
    answers: list(
      answer,
      'scripted answers; the first whose method and path fit. With nginx: used where there is no NGINX',
      1,
    ).optional(),
    nginx: text(
      'an nginx.conf beside the scenario; ${PORT} is the port to listen on, ${NAME} the URL of another upstream',
      './legacy.conf',
    ).optional(),
    indexer: indexer.optional(),
  },
  'one server',
)
  .refine(
    ({ answers, nginx, indexer: stand }) => [answers, nginx, stand].some((each) => each !== undefined),
    {
      error:
        'expected at least one of: answers, nginx, indexer\nfor example: answers: [{ path: /, json: { ok: true } }]',
    },
  )
  .refine(({ answers, nginx, indexer: stand }) => stand === undefined || (answers ?? nginx) === undefined, {
    error: 'an indexer is nothing else\nremove answers and nginx',
  });

export type UpstreamPlan = z.output<typeof upstreamSchema>;
export type IndexerPlan = z.output<typeof indexer>;
export type ScriptedAnswer = z.output<typeof answer>;
