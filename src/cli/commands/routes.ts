import { loadConfig } from '../../config/load.ts';
import type { CompiledConfig } from '../../config/compile.ts';
import { Router } from '../../gateway/router.ts';
import { ConfigurationError } from '../configuration.ts';
import { EXIT } from '../exit-codes.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import { explanationOf, lineOf } from '../routes/explanation.ts';
import { questionOf } from '../routes/question.ts';
import { standingOf } from '../routes/standing.ts';
import { say } from '../say.ts';
import type { Verb } from '../verbs.ts';
import { explanationText, routesText } from '../views/routes.ts';

/** Lists the routes of the configuration in the order in which they are asked. */
export const listRoutes: Verb = async (io, options) => {
  const { candidate } = configurationOf(options).gateway;
  const routes = new Router(candidate.routes, candidate.filters).routes.map(lineOf);
  const object = { schemaVersion: 1, file: options.config, routes };
  say(io, options, object, () => routesText(routes, paintFor(io, options.color)));
  return EXIT.done;
};

/** Says which route a request takes and why, in which lane, with which filters, to which servers. */
export const explainRoute: Verb = async (io, options, [method = '', url = '']) => {
  const config = configurationOf(options);
  const question = questionOf(options, method, url);
  const standing = await standingOf(io, options, config);
  const found = explanationOf(config.gateway, standing, question);
  say(io, options, found, () => explanationText(found, paintFor(io, options.color)));
  return EXIT.done;
};

function configurationOf({ config }: Options): CompiledConfig {
  const loaded = loadConfig(config);
  if (!loaded.ok) throw new ConfigurationError(config, loaded.problems);
  return loaded.config;
}
