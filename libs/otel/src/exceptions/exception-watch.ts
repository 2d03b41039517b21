import { Catch, UseFilters } from '@nestjs/common';
import type { ExceptionFilter } from '@nestjs/common';
import { guarded } from '../faults/fault-log.js';

// Keys of the metadata of Nest's own decorators; its constants moved between 11 and 12.
const FILTERS = '__exceptionFilters__';

/** The list that Nest's decorators keep under `key`. It is empty if nothing was decorated. */
const listOf = (key: string, target: object): readonly unknown[] =>
  (Reflect.getMetadata(key, target) as readonly unknown[] | undefined) ?? [];

export const lacks = (key: string, target: object, own: unknown): boolean =>
  !listOf(key, target).includes(own);

/**
 * An exception filter that sees each exception and is never chosen, so that the app's own filters, and Nest's, answer.
 * Nest asks each filter whether the exception is an instance of the class that the filter catches. This
 * filter sees the exception in that question, and answers no.
 */
export const exceptionWatch = (note: (thrown: unknown) => void): ExceptionFilter => {
  // This looks, and says no.
  // oxlint-disable-next-line typescript/no-extraneous-class
  class AnyException {
    static [Symbol.hasInstance](thrown: unknown): boolean {
      guarded('An exception could not be noted', () => note(thrown));
      return false;
    }
  }
  @Catch(AnyException)
  class ExceptionWatch implements ExceptionFilter {
    // oxlint-disable-next-line typescript/class-methods-use-this
    catch(): void {}
  }
  return new ExceptionWatch();
};

/** Adds `watch` after the filters of a class, where Nest asks it first. `always`: also if the class has no filters. */
export const watchClass = (metatype: Function, watch: ExceptionFilter, always: boolean): void => {
  if (!always && listOf(FILTERS, metatype).length === 0) return;
  if (lacks(FILTERS, metatype, watch)) UseFilters(watch)(metatype);
};

/** Adds the filter `watch` to a method that has filters of its own. */
export const watchMethod = (prototype: object, name: string, watch: ExceptionFilter): void => {
  const method = (prototype as Readonly<Record<string, unknown>>)[name];
  if (typeof method !== 'function' || listOf(FILTERS, method).length === 0) return;
  if (lacks(FILTERS, method, watch)) UseFilters(watch)(prototype, name, { value: method });
};
