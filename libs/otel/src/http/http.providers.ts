import type { Provider } from '@nestjs/common';
import { AdapterHooks } from '../adapter/adapter-hooks.js';
import { HttpClientInstrumentation } from './http-client.instrumentation.js';
import { HttpServerInstrumentation } from './http-server.instrumentation.js';
import { HandlerRoutes } from './handler-routes.js';

/**
 * The module that has these calls `watchHandlers` and `HandlerRoutes.read` in its `configure()`. Needs `HTTP_SETTINGS`, `Inventory`, and the
 * management and lifecycle rooms.
 */
export const HTTP_PROVIDERS: Provider[] = [
  AdapterHooks,
  HandlerRoutes,
  HttpServerInstrumentation,
  HttpClientInstrumentation,
];
