import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemRandom as random } from '#base/random.ts';
import { Pages } from '#http/pages.ts';
import type { Config } from '#src/config.ts';
import { WEB_DIST } from './web-build.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What is neither the gateway's nor a page is the API's, which also says what is not there. */
export function webDoor(config: Config, api: Handler): Handler {
  if (config.web === 'off') return api;
  const isHttps = config.publicUrl?.startsWith('https:') ?? false;
  const pages = new Pages({ directory: WEB_DIST, random, isHttps });
  return (request, response) => {
    if (request.url?.startsWith('/api/') || !pages.handle(request, response))
      api(request, response);
  };
}
