import { APP_GUARD } from '@nestjs/core';
import type { Provider } from '@nestjs/common';
import { AdapterHooks } from '../adapter/adapter-hooks.js';
import { HttpClientInstrumentation } from './http-client.instrumentation.js';
import { HttpServerInstrumentation } from './http-server.instrumentation.js';
import { HandlerGuard } from './handler.guard.js';

/**
 * The module that has these calls `watchHandlers` in its `configure()`. Needs `HTTP_SETTINGS`, `Inventory`, and the
 * management and lifecycle rooms.
 */
export const HTTP_PROVIDERS: Provider[] = [
  AdapterHooks,
  HttpServerInstrumentation,
  HttpClientInstrumentation,
  { provide: APP_GUARD, useClass: HandlerGuard },
];
