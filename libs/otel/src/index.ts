import { shareExports } from './copies/package-copies.js';
import { HealthError as OwnHealthError } from './options/health-error.js';
import { HealthRegistry as OwnHealthRegistry } from './health/health-registry.js';
import { Availability as OwnAvailability } from './lifecycle/availability.js';
import { globalProviders, installLateBoundProviders } from './late-bound/globals.js';
import { ShutdownService as OwnShutdownService } from './lifecycle/shutdown.service.js';
import { installApiLogs } from './log-sources/api-logs.js';
import { OtelLogger as OwnOtelLogger } from './logging/otel-logger.js';
import { OtelConfigError as OwnOtelConfigError } from './options/faults.js';
import { OtelModule as OwnOtelModule } from './otel.module.js';
import {
  tracedGrpcClient as ownTracedGrpcClient,
  tracedGrpcServer as ownTracedGrpcServer,
} from './rpc/traced-grpc.js';

installLateBoundProviders();
installApiLogs(globalProviders.loggers);

// Every copy of the package exports the first loaded copy's objects with state and its injection tokens.
const shared = shareExports({
  Availability: OwnAvailability,
  HealthError: OwnHealthError,
  HealthRegistry: OwnHealthRegistry,
  OtelConfigError: OwnOtelConfigError,
  OtelLogger: OwnOtelLogger,
  OtelModule: OwnOtelModule,
  ShutdownService: OwnShutdownService,
  tracedGrpcClient: ownTracedGrpcClient,
  tracedGrpcServer: ownTracedGrpcServer,
});

export const { OtelModule } = shared;
export type OtelModule = OwnOtelModule;
export type { FlushedTelemetry } from './exit/lives.js';
export type { OtelModuleAsyncOptions, OtelOptionsFactory } from './otel.module-definition.js';
export type * from './options/otel.options.js';
export const { OtelConfigError } = shared;
export type OtelConfigError = OwnOtelConfigError;
export type { Fault } from './options/faults.js';

export const { HealthRegistry } = shared;
export type HealthRegistry = OwnHealthRegistry;
export type { HealthChange, HealthReport, HealthSelection } from './health/health-registry.js';
export const { Availability } = shared;
export type Availability = OwnAvailability;
export type {
  AvailabilityChange,
  LivenessState,
  ReadinessState,
} from './lifecycle/availability.js';
export type { IndicatorReport } from './health/health-question.js';
export type { PlainDetail } from './health/finding-detail.js';
export const { HealthError } = shared;
export type HealthError = OwnHealthError;
export type { HealthErrorCode } from './options/health-error.js';
export type { DatabaseIndicatorOptions } from './health/database-indicator.js';
export { databaseIndicator } from './health/database-indicator.js';
export type {
  HealthAnswer,
  HealthFinding,
  HealthGroup,
  HealthIndicator,
  HealthState,
  TerminusResult,
} from './options/health-indicator.js';

export const { ShutdownService } = shared;
export type ShutdownService = OwnShutdownService;
export type { HandledPhaseName, ShutdownHandler } from './lifecycle/shutdown-phases.js';

export const { OtelLogger } = shared;
export type OtelLogger = OwnOtelLogger;
export { pinoTraceMixin } from './log-sources/pino-mixin.js';
export type { TraceFields } from './log-sources/pino-mixin.js';
export { winstonTransport } from './log-sources/winston-transport.js';
export type { WinstonTransportOptions } from './log-sources/winston-transport.js';

export { CurrentSpan } from './decorators/current-span.decorator.js';
export { Counted } from './decorators/counted.decorator.js';
export type { DecoratorAttributes } from './decorators/decorator-attributes.js';
export type { MetricDecoratorOptions } from './decorators/counted.decorator.js';
export { Span } from './decorators/span.decorator.js';
export type { SpanDecoratorOptions } from './decorators/span.decorator.js';
export { Timed } from './decorators/timed.decorator.js';
export { Traceable } from './decorators/traceable.decorator.js';
export type { TraceableOptions } from './decorators/traceable.decorator.js';

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
  OTEL_METER,
  OTEL_TRACER,
  getInstrumentToken,
} from './metrics/instrument.tokens.js';

export const { tracedGrpcClient, tracedGrpcServer } = shared;

// For our own testing kit and the engines to come; outside semantic versioning.
/** @internal */
export { globalProviders } from './late-bound/globals.js';
/** @internal */
export { AsyncContextManager } from './context/async-context-manager.js';
/** @internal */
export type { EngineStatus, ExportEngine, SignalStatus } from './engine/engine.js';
/** @internal */
export type { Signal } from '@nestlens/otlp';
