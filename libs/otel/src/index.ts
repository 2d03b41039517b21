import { globalProviders, installLateBoundProviders } from './late-bound/globals.js';
import { installApiLogs } from './log-sources/api-logs.js';

installLateBoundProviders();
installApiLogs(globalProviders.loggers);

export { OtelModule } from './otel.module.js';
export type { FlushedTelemetry } from './exit/lives.js';
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
export { pinoTraceMixin } from './log-sources/pino-mixin.js';
export type { TraceFields } from './log-sources/pino-mixin.js';
export { winstonTransport } from './log-sources/winston-transport.js';
export type { WinstonTransportOptions } from './log-sources/winston-transport.js';

export { Counted } from './decorators/counted.decorator.js';
export type { DecoratorAttributes } from './decorators/decorator-attributes.js';
export type { MetricDecoratorOptions } from './decorators/counted.decorator.js';
export { Span } from './decorators/span.decorator.js';
export type { SpanDecoratorOptions } from './decorators/span.decorator.js';
export { Timed } from './decorators/timed.decorator.js';

export {
  provideCounter,
  provideGauge,
  provideHistogram,
  provideUpDownCounter,
} from './metrics/instrument.providers.js';
export {
  provideObservableCounter,
  provideObservableGauge,
  provideObservableUpDownCounter,
} from './metrics/observable.providers.js';
export type { ObservableOptions } from './metrics/observable.providers.js';
export {
  InjectInstrument,
  InjectMeter,
  InjectTracer,
  METER,
  TRACER,
  getInstrumentToken,
} from './metrics/instrument.tokens.js';

export { tracedGrpcClient, tracedGrpcServer } from './rpc/traced-grpc.js';

// For our own testing kit and the engines to come; outside semantic versioning.
/** @internal */
export { globalProviders } from './late-bound/globals.js';
/** @internal */
export { AsyncContextManager } from './context/async-context-manager.js';
/** @internal */
export type { EngineStatus, ExportEngine, Signal, SignalStatus } from './engine/engine.js';
