import { UseInterceptors } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { contexts } from '../context/contexts.js';
import { exceptionWatch, lacks, watchClass, watchMethod } from '../exceptions/exception-watch.js';
import { HttpInterceptor } from './http.interceptor.js';
import { serverRequestOf } from './server-request.js';

// Keys of the metadata of Nest's own decorators; its constants moved between 11 and 12.
const INTERCEPTORS = '__interceptors__';
const SSE = '__sse__';

const watch = exceptionWatch((thrown) => serverRequestOf(contexts.active())?.failed(thrown));
const streamWatch = new HttpInterceptor();

const watchStream = (prototype: object, name: string): void => {
  const method = (prototype as Readonly<Record<string, unknown>>)[name];
  if (typeof method !== 'function') return;
  if (Reflect.getMetadata(SSE, method) !== undefined && lacks(INTERCEPTORS, method, streamWatch)) {
    UseInterceptors(streamWatch)(prototype, name, { value: method });
  }
};

/**
 * Lets the span of a request see what reached Nest's exception layer: also what guards, middleware, body
 * parsers and filters threw, which no interceptor meets. Nest looks through the filters of the method, of
 * the controller and of the app, each from the last one back, and stops at the first that catches. So ours
 * goes behind the app's own in each of these lists, by Nest's own decorators. To be called in the
 * `configure()` of a module: after all of `main.ts`, before Nest builds the first handler. Safe twice.
 */
export const watchHandlers = (config: ApplicationConfig, modules: ModulesContainer): void => {
  if (config.getGlobalFilters().includes(watch)) return;
  config.addGlobalFilter(watch);
  // Request-scoped global filters come behind every other global one.
  const everywhere = config.getGlobalRequestFilters().length > 0;
  const scanner = new MetadataScanner();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype !== 'function') continue;
      watchClass(metatype, watch, everywhere);
      const prototype = metatype.prototype as object;
      for (const name of scanner.getAllMethodNames(prototype)) {
        watchMethod(prototype, name, watch);
        watchStream(prototype, name);
      }
    }
  }
};
