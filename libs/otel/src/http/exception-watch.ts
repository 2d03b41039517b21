import { Catch } from '@nestjs/common';
import type { ExceptionFilter } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { context as contextApi } from '@opentelemetry/api';
import { guarded } from './fault-log.js';
import { serverRequestOf } from './server-context.js';

// Nest asks of each filter whether an exception is an instance of what it catches: this looks, and says no.
// oxlint-disable-next-line typescript/no-extraneous-class
class AnyException {
  static [Symbol.hasInstance](thrown: unknown): boolean {
    guarded('An exception could not be noted', () => {
      serverRequestOf(contextApi.active())?.failed(thrown);
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

/**
 * Lets the span of a request see what reached Nest's exception layer: also what guards, middleware, body
 * parsers and filters threw, which no interceptor meets. Nest looks through the filters from the last one
 * back, so this belongs behind the app's own global filters: in the `configure()` of a module, which Nest
 * calls after all of `main.ts` and before it builds the first handler.
 */
export const watchExceptions = (config: ApplicationConfig): void => {
  config.addGlobalFilter(new ExceptionWatch());
};
