import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { InFlight } from '../lifecycle/in-flight.js';
import { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import { Inventory } from '../report/inventory.js';
import { watchCalls } from './call-watch.js';
import { GrpcIntake } from './grpc-intake.js';
import { HandlerTable } from './handler-table.js';
import { withServerInterceptor } from './interceptor-options.js';
import type { RpcSettings } from './rpc.settings.js';
import { RPC_SETTINGS } from './rpc.settings.js';
import { GrpcServerTracer } from './server-tracer.js';
import { runningServerTracers } from './traced-grpc.js';
import { isGrpcServer } from '../messages/transport.js';
import type { TransportServer } from './transport-server.js';
import { UnknownMethods } from './unknown-methods.js';
import { guarded, warnOfFault } from '../faults/fault-log.js';

/**
 * Puts an interceptor into each gRPC server of the app before it listens. Subscribes while it is constructed, since
 * `startAllMicroservices()` may start servers before any `onModuleInit`.
 */
@Injectable()
export class GrpcServerInstrumentation implements OnApplicationShutdown {
  readonly #tracer: GrpcServerTracer;
  readonly #handlers: HandlerTable;
  readonly #inventory: Inventory;
  readonly #servers: TransportServer[] = [];
  readonly #unknownMethods: UnknownMethods;
  readonly #subscription: Subscription | undefined;

  constructor(
    modules: ModulesContainer,
    @Inject(RPC_SETTINGS) settings: RpcSettings,
    inFlight: InFlight,
    inventory: Inventory,
    phases: ShutdownPhases,
    app: AppTelemetry,
    intake: GrpcIntake,
  ) {
    this.#inventory = inventory;
    this.#handlers = new HandlerTable(modules);
    this.#tracer = new GrpcServerTracer(settings, app, inFlight, (path, requestStream) =>
      this.#handlers.find(path, requestStream),
    );
    this.#unknownMethods = new UnknownMethods(this.#servers, (path, headers) =>
      this.#tracer.refused(path, headers),
    );
    if (!settings.server) return;
    runningServerTracers.add(this.#tracer, app);
    intake.endsCallsBy((status) => this.#tracer.endCalls(status));
    // Before traces are sent for the last time: calls that were cut off end here.
    phases.register('flush', 'gRPC servers', () => this.disable());
    guarded('gRPC: exceptions of handlers could not be watched', () => {
      watchCalls(this.#handlers.all());
    });
    this.#subscription = modules.getRpcTargetRegistry<TransportServer>().subscribe((server) => {
      try {
        if (isGrpcServer(server)) this.#attach(server);
      } catch (error) {
        warnOfFault('gRPC: a server could not be instrumented', error);
      }
    });
  }

  onApplicationShutdown(): void {
    this.disable();
  }

  /** Ends open spans and lets later calls pass untouched. Safe to call twice. */
  disable(): void {
    this.#subscription?.unsubscribe();
    this.#unknownMethods.stop();
    runningServerTracers.remove(this.#tracer);
    this.#tracer.disable();
  }

  #attach(server: TransportServer): void {
    const what = `gRPC server ${typeof server.url === 'string' ? server.url : ''}`.trimEnd();
    if (typeof server.options !== 'object' || server.grpcClient) {
      this.#inventory.leftOut(
        what,
        'its options cannot be reached before it listens; give it tracedGrpcServer(options)',
      );
      return;
    }
    server.options = withServerInterceptor(server.options, (definition, call) =>
      this.#tracer.intercept(definition, call),
    );
    this.#servers.push(server);
    this.#unknownMethods.start();
    this.#inventory.instrumented(what, 'calls of every kind');
  }
}
