import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import { guarded } from '../faults/fault-log.js';
import { HEALTH_SETTINGS } from '../health/health-registry.js';
import { Readiness, takesTraffic } from '../health/readiness.js';
import { Availability } from '../lifecycle/availability.js';
import { ServiceState } from '../lifecycle/service-state.js';
import { ShutdownPhases } from '../lifecycle/shutdown-phases.js';

import type { HealthConfig } from '../options/otel.config.js';
import { Inventory } from '../report/inventory.js';
import type { HealthQuestion } from './health-questions.js';
import { HEALTH_SERVICE, healthDefinition, healthMethods } from './health-service.js';
import { HealthStreams } from './health-streams.js';
import { servicesIn, servesPackageOf } from './proto-services.js';
import { isGrpcServer } from '../messages/transport.js';

/** The part of a grpc-js server that is used here. */
interface GrpcServer {
  addService(definition: object, implementation: object): void;
  readonly handlers?: { has?(path: string): boolean };
}

/** Nest calls it for each server that it builds, before it adds the app's services. */
type OnLoad = (definitions: object, server: GrpcServer) => void;

interface GrpcServerOptions {
  readonly package?: string | readonly string[];
  readonly onLoadPackageDefinition?: OnLoad;
}

/** The part of Nest's transport server that is used here. A custom server may lack all of it. */
interface TransportServer {
  readonly transportId?: unknown;
  readonly createServiceMethod?: unknown;
  readonly url?: unknown;
  options?: GrpcServerOptions;
  close?(): unknown;
  /** The grpc-js server, from `listen()` to `close()`. */
  readonly grpcClient?: object | null;
}

/** The gap between two rounds for the streams of Watch. A shorter `health.cacheMs` would ask more than it helps. */
const SHORTEST_ROUND_MS = 250;

/**
 * Serves `grpc.health.v1.Health` on each gRPC server of the app: Check, Watch and List. An app that has the service itself
 * keeps its own. Subscribes while it is constructed, since `startAllMicroservices()` may start servers before any
 * `onModuleInit`.
 */
@Injectable()
export class GrpcHealth implements OnApplicationShutdown {
  readonly #inventory: Inventory;
  readonly #ready: HealthQuestion;
  readonly #own: readonly (readonly [string, HealthQuestion])[];
  readonly #everyMs: number;
  /** Of each server its own. */
  readonly #streams: HealthStreams[] = [];
  readonly #subscription: Subscription | undefined;

  constructor(
    @Inject(HEALTH_SETTINGS) settings: HealthConfig,
    modules: ModulesContainer,
    inventory: Inventory,
    phases: ShutdownPhases,
    state: ServiceState,
    availability: Availability,
    readiness: Readiness,
  ) {
    this.#inventory = inventory;
    this.#everyMs = Math.max(settings.cacheMs, SHORTEST_ROUND_MS);
    this.#ready = async () => takesTraffic(await readiness.ask({}));
    this.#own = [
      ['', this.#ready],
      ['liveness', () => availability.liveness === 'correct'],
      ['readiness', this.#ready],
      ['startup', () => state.name !== 'starting'],
    ];
    if (!settings.enabled || !settings.grpc) return;
    const refresh = (): Promise<unknown> =>
      Promise.all(this.#streams.map((streams) => streams.refresh()));
    state.onReady(() => void refresh());
    availability.onChange(() => void refresh());
    phases.register('readiness-off', 'gRPC health', refresh);
    // A stream of Watch would keep the server from closing.
    phases.register('stop-intake', 'gRPC health', () => this.#end());
    this.#subscription = modules.getRpcTargetRegistry<TransportServer>().subscribe((server) => {
      guarded('gRPC health: a server could not be reached', () => {
        if (isGrpcServer(server)) this.#attach(server);
      });
    });
  }

  onApplicationShutdown(): void {
    this.#subscription?.unsubscribe();
    this.#end();
  }

  #end(): void {
    for (const streams of this.#streams) streams.end();
  }

  /** Never changes the given options, which people share between a server and a client. */
  #attach(server: TransportServer): void {
    const what = `gRPC health ${typeof server.url === 'string' ? server.url : ''}`.trimEnd();
    const { options } = server;
    if (typeof options !== 'object' || server.grpcClient) {
      this.#inventory.leftOut(
        what,
        'the options of the server cannot be reached before it listens',
      );
      return;
    }
    if (servesPackageOf(HEALTH_SERVICE, options.package)) {
      this.#inventory.leftOut(what, `the app serves ${HEALTH_SERVICE} itself`);
      return;
    }
    const streams = new HealthStreams(this.#everyMs);
    this.#streams.push(streams);
    const onLoad: OnLoad = (definitions, grpcServer) => {
      options.onLoadPackageDefinition?.(definitions, grpcServer);
      guarded('gRPC health: the service could not be added', () => {
        this.#add(grpcServer, servicesIn(definitions, options.package), streams);
      });
    };
    server.options = { ...options, onLoadPackageDefinition: onLoad };
    // `close()` of a microservice closes its server before any hook, and with `gracefulShutdown` waits for each stream.
    const close = server.close?.bind(server);
    if (close) {
      server.close = () => {
        streams.end();
        return close();
      };
    }
    const names = this.#own.map(([name]) => (name === '' ? '""' : name)).join(', ');
    this.#inventory.instrumented(what, `${HEALTH_SERVICE} for ${names} and each service`);
  }

  #add(server: GrpcServer, services: readonly string[], streams: HealthStreams): void {
    const isAdded = server.handlers?.has?.(`/${HEALTH_SERVICE}/Check`) === true;
    if (isAdded || services.includes(HEALTH_SERVICE)) {
      new Logger('OtelModule').log(`gRPC health: the app serves ${HEALTH_SERVICE} itself`);
      return;
    }
    const questions = new Map<string, HealthQuestion>([
      ...services.map((service) => [service, this.#ready] as const),
      ...this.#own,
    ]);
    server.addService(healthDefinition, healthMethods(questions, streams));
  }
}
