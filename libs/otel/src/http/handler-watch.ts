import { Catch, UseFilters, UseInterceptors } from '@nestjs/common';
import type { ExceptionFilter } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { contexts } from '../context/contexts.js';
import { guarded } from '../faults/fault-log.js';
import { HttpInterceptor } from './http.interceptor.js';
import { serverRequestOf } from './server-context.js';

// Where Nest's own decorators keep what they are given; its constants moved between 11 and 12.
const FILTERS = '__exceptionFilters__';
const INTERCEPTORS = '__interceptors__';
const SSE = '__sse__';

// Nest asks of each filter whether an exception is an instance of what it catches: this looks, and says no.
// oxlint-disable-next-line typescript/no-extraneous-class
class AnyException {
  static [Symbol.hasInstance](thrown: unknown): boolean {
    guarded('An exception could not be noted', () => {
      serverRequestOf(contexts.active())?.failed(thrown);
    });
    return false;
  }
}

/** Never chosen; so that the app's own filters, and Nest's, answer as if it were not there. */
@Catch(AnyException)
class ExceptionWatch implements ExceptionFilter {
  // oxlint-disable-next-line typescript/class-methods-use-this
  catch(): void {}
}

const watch = new ExceptionWatch();
const streamWatch = new HttpInterceptor();

const listOf = (key: string, target: object): readonly unknown[] =>
  (Reflect.getMetadata(key, target) as readonly unknown[] | undefined) ?? [];

const lacks = (key: string, target: object, own: unknown): boolean =>
  !listOf(key, target).includes(own);

const watchMethod = (prototype: object, name: string): void => {
  const method = (prototype as Readonly<Record<string, unknown>>)[name];
  if (typeof method !== 'function') return;
  const descriptor = { value: method };
  if (listOf(FILTERS, method).length > 0 && lacks(FILTERS, method, watch)) {
    UseFilters(watch)(prototype, name, descriptor);
  }
  if (Reflect.getMetadata(SSE, method) !== undefined && lacks(INTERCEPTORS, method, streamWatch)) {
    UseInterceptors(streamWatch)(prototype, name, descriptor);
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
      if ((everywhere || listOf(FILTERS, metatype).length > 0) && lacks(FILTERS, metatype, watch)) {
        UseFilters(watch)(metatype);
      }
      const prototype = metatype.prototype as object;
      for (const name of scanner.getAllMethodNames(prototype)) watchMethod(prototype, name);
    }
  }
};
