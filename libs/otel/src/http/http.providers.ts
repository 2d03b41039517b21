import { APP_INTERCEPTOR } from '@nestjs/core';
import type { Provider } from '@nestjs/common';
import { AdapterHooks } from './adapter-hooks.js';
import { HttpClientInstrumentation } from './http-client.instrumentation.js';
import { HttpServerInstrumentation } from './http-server.instrumentation.js';
import { HttpInterceptor } from './http.interceptor.js';

/** Needs `HTTP_SETTINGS`, `Inventory`, and the management and lifecycle rooms. */
export const HTTP_PROVIDERS: Provider[] = [
  AdapterHooks,
  HttpServerInstrumentation,
  HttpClientInstrumentation,
  { provide: APP_INTERCEPTOR, useClass: HttpInterceptor },
];
