import { MetadataScanner } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import { contexts } from '../context/contexts.js';
import { exceptionWatch, watchClass, watchMethod } from '../exceptions/exception-watch.js';
import { serverRequestOf } from '../http/server-request.js';

/** The metadata keys that `@Query()`, `@ResolveField()` and similar decorators set (@nestjs/graphql 13 and 14). */
const RESOLVES = ['graphql:resolver_type', 'graphql:resolve_property', 'graphql:resolve_reference'];

const watch = exceptionWatch((thrown) => serverRequestOf(contexts.active())?.failedInBody(thrown));

const isResolver = (prototype: object, name: string): boolean => {
  const method = (prototype as Readonly<Record<string, unknown>>)[name];
  return typeof method === 'function' && RESOLVES.some((key) => Reflect.hasMetadata(key, method));
};

/**
 * Records exceptions of resolvers on the span of a GraphQL request. GraphQL answers 200 after any exception, so it is
 * recorded when it is thrown. The filters stand only at the classes of resolvers. Nest asks no filters about fields
 * unless `fieldResolverEnhancers` has them. To be called when `watchHandlers` is.
 */
export const watchResolvers = (modules: ModulesContainer): void => {
  const scanner = new MetadataScanner();
  for (const { providers } of modules.values()) {
    for (const { metatype, isNotMetatype } of providers.values()) {
      if (typeof metatype !== 'function' || isNotMetatype) continue;
      const prototype = metatype.prototype as object | undefined;
      if (typeof prototype !== 'object' || prototype === null) continue;
      const names = scanner
        .getAllMethodNames(prototype)
        .filter((name) => isResolver(prototype, name));
      if (names.length === 0) continue;
      watchClass(metatype, watch, true);
      for (const name of names) watchMethod(prototype, name, watch);
    }
  }
};
