import { Injectable } from '@nestjs/common';
import { AdapterHooks } from '../http/adapter-hooks.js';
import { serveManagement } from './management-answer.js';
import { ManagementRoutes } from './management-routes.js';

/**
 * Serves the {@link ManagementRoutes} on the app's own port. The request hook is the first thing that Express
 * and Fastify run, so that prefixes, versions, middleware, guards and body parsers never see these paths.
 * On Fastify the hook does not call `next`, so its chain ends there; the raw response still ends the request
 * for it: `onResponse` hooks run, and `inject` resolves, at the response's `finish`.
 */
@Injectable()
export class ManagementMount {
  constructor(hooks: AdapterHooks, routes: ManagementRoutes) {
    hooks.onRequest((req, res, next) => {
      const handler = routes.find(req.url);
      if (handler) serveManagement(handler, req, res);
      else next();
    });
  }
}
