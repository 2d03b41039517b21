import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import { Inventory } from '../report/inventory.js';
import { GrpcClientTracer } from './client-tracer.js';
import { findGrpcClients } from './grpc-clients.js';
import type { FoundClient } from './grpc-clients.js';
import type { GrpcClientInterceptor } from './grpc-js.js';
import { addToClient, withClientInterceptor } from './interceptor-options.js';
import type { RpcSettings } from './rpc.settings.js';
import { RPC_SETTINGS } from './rpc.settings.js';
import { runningClientTracers } from './traced-grpc.js';
import { warnOfFault } from '../faults/fault-log.js';

/**
 * Puts an interceptor into each gRPC client that Nest made. Its module must be global: then its `onModuleInit` runs
 * before the `onModuleInit` of others, where clients are first asked for a service.
 */
@Injectable()
export class GrpcClientInstrumentation
  implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown
{
  readonly #modules: ModulesContainer;
  readonly #settings: RpcSettings;
  readonly #inventory: Inventory;
  readonly #tracer: GrpcClientTracer;
  readonly #seen = new WeakSet<object>();

  constructor(
    modules: ModulesContainer,
    @Inject(RPC_SETTINGS) settings: RpcSettings,
    inventory: Inventory,
    phases: ShutdownPhases,
    app: AppTelemetry,
  ) {
    this.#modules = modules;
    this.#settings = settings;
    this.#inventory = inventory;
    this.#tracer = new GrpcClientTracer(settings);
    if (!settings.client) return;
    runningClientTracers.add(this.#tracer, app);
    // Before traces are sent for the last time: streams that are still open end here.
    phases.register('flush', 'gRPC clients', () => this.disable());
    // Those of ClientsModule.register() exist already, and a factory may ask them for a service soon.
    this.#attachAll();
  }

  onModuleInit(): void {
    this.#attachAll();
  }

  /** Looks once more, for clients that Nest made in between. */
  onApplicationBootstrap(): void {
    this.#attachAll();
  }

  onApplicationShutdown(): void {
    this.disable();
  }

  /** Ends open spans and lets later calls pass untouched. Safe to call twice. */
  disable(): void {
    runningClientTracers.remove(this.#tracer);
    this.#tracer.disable();
  }

  #attachAll(): void {
    if (!this.#settings.client) return;
    try {
      for (const found of findGrpcClients(this.#modules)) {
        if (this.#seen.has(found.client)) continue;
        this.#seen.add(found.client);
        this.#attach(found);
      }
    } catch (error) {
      warnOfFault('gRPC: a client could not be instrumented', error);
    }
  }

  #attach({ name, client }: FoundClient): void {
    const what = `gRPC client ${name}`;
    const target = typeof client.url === 'string' ? client.url : '';
    const interceptor: GrpcClientInterceptor = (options, nextCall) =>
      this.#tracer.intercept(target, options, nextCall);
    client.options = withClientInterceptor(client.options, interceptor);
    for (const [service, made] of client.clients ?? []) {
      if (addToClient(made, interceptor)) continue;
      this.#inventory.leftOut(
        what,
        `${service} was asked for before the module started; give it tracedGrpcClient(options)`,
      );
      return;
    }
    this.#inventory.instrumented(what, target);
  }
}
