import type { Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';

/*
 * Keys and values of @nestjs/microservices' metadata, the same in Nest 11 and 12. The package is an
 * optional peer, so they are not imported.
 */
const PATTERN = 'microservices:pattern';
const HANDLER_TYPE = 'microservices:handler_type';
const TRANSPORT = 'microservices:transport';
const TRANSPORT_GRPC = 4;
const MESSAGE_HANDLER = 1;

interface GrpcPattern {
  readonly service: string;
  readonly rpc: string;
  readonly streaming?: string;
}

/** The controller method that serves an RPC. */
export interface RpcHandler {
  readonly controller: Type;
  readonly method: string;
}

const isGrpcPattern = (pattern: unknown): pattern is GrpcPattern =>
  typeof pattern === 'object' && pattern !== null && 'service' in pattern && 'rpc' in pattern;

const keyOf = (service: string, rpc: string, streaming: string): string =>
  `${service}/${rpc}/${streaming}`;

/**
 * Finds the controller method that serves an RPC, by the metadata of the decorators. An interceptor would learn it
 * too late: guards run before it. Looks the controllers up at first use; they are all known then.
 */
export class HandlerTable {
  readonly #modules: ModulesContainer;
  #handlers: ReadonlyMap<string, RpcHandler> | undefined;

  constructor(modules: ModulesContainer) {
    this.#modules = modules;
  }

  /** `path` is `/pkg.Service/Method`, as the wire has it. */
  find(path: string, requestStream: boolean): RpcHandler | undefined {
    const handlers = (this.#handlers ??= new Map(this.#read()));
    const slash = path.lastIndexOf('/');
    const rpc = path.slice(slash + 1);
    const kinds = requestStream ? ['rx_stream', 'pt_stream'] : ['no_stream'];
    // Decorators name the service with its package, or relative to the package that is served.
    for (
      let service: string | undefined = path.slice(1, slash);
      service !== undefined;
      service = withoutFirstSegment(service)
    ) {
      for (const kind of kinds) {
        const handler = handlers.get(keyOf(service, rpc, kind));
        if (handler) return handler;
      }
    }
    return undefined;
  }

  /** Every controller method that serves an RPC, of the modules that are known by now. */
  *all(): Generator<RpcHandler> {
    for (const [, handler] of this.#read()) yield handler;
  }

  *#read(): Generator<readonly [key: string, handler: RpcHandler]> {
    const scanner = new MetadataScanner();
    for (const module of this.#modules.values()) {
      for (const { metatype } of module.controllers.values()) {
        if (typeof metatype !== 'function') continue;
        const prototype = metatype.prototype as Record<string, object>;
        for (const method of scanner.getAllMethodNames(prototype)) {
          for (const { service, rpc, streaming } of patternsOf(prototype[method])) {
            const handler = { controller: metatype as Type, method };
            yield [keyOf(service, rpc, streaming ?? 'no_stream'), handler];
          }
        }
      }
    }
  }
}

const withoutFirstSegment = (service: string): string | undefined => {
  const dot = service.indexOf('.');
  return dot < 0 ? undefined : service.slice(dot + 1);
};

const patternsOf = (callback: object | undefined): readonly GrpcPattern[] => {
  if (callback === undefined) return [];
  if (Reflect.getMetadata(HANDLER_TYPE, callback) !== MESSAGE_HANDLER) return [];
  const transport: unknown = Reflect.getMetadata(TRANSPORT, callback);
  if (transport !== undefined && transport !== TRANSPORT_GRPC) return [];
  const patterns = Reflect.getMetadata(PATTERN, callback) as readonly unknown[] | undefined;
  return (patterns ?? []).filter(isGrpcPattern);
};
