import { installLateBoundProviders } from './providers/late-bound-globals.js';

installLateBoundProviders();

export { OtelModule } from './otel.module.js';
export type { OtelModuleAsyncOptions, OtelOptionsFactory } from './otel.module-definition.js';
export type * from './options/otel.options.js';
export { OtelConfigError } from './options/faults.js';
export type { Fault } from './options/faults.js';

export { HealthRegistry } from './health/health-registry.js';
export { databaseIndicator } from './health/database-indicator.js';
export type { HealthFinding, HealthIndicator, HealthState } from './health/indicator.js';

export { Shutdown } from './lifecycle/shutdown.js';
export type { HandledPhaseName, ShutdownHandler } from './lifecycle/shutdown-phases.js';

export { OtelLogger } from './logging/otel-logger.js';

export { tracedGrpcClient, tracedGrpcServer } from './rpc/traced-grpc.js';

// For our own testing kit and the engines to come; outside semantic versioning.
/** @internal */
export { AsyncContextManager } from './context/async-context-manager.js';
/** @internal */
export type { EngineStatus, ExportEngine, Signal, SignalStatus } from './providers/engine.js';
