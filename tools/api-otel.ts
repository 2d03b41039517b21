/**
 * Observability for NestJS in one import.
 *
 * The exports of the package, for the API reference. The package's own entry exports the classes that all loaded
 * copies share as constants, whose members a reference would not show.
 *
 * @module @nestlens/otel
 */
export * from '../libs/otel/src/index.js';
export { HealthError } from '../libs/otel/src/options/health-error.js';
export { HealthRegistry } from '../libs/otel/src/health/health-registry.js';
export { Availability } from '../libs/otel/src/lifecycle/availability.js';
export { ShutdownService } from '../libs/otel/src/lifecycle/shutdown.service.js';
export { OtelLogger } from '../libs/otel/src/logging/otel-logger.js';
export { OtelConfigError } from '../libs/otel/src/options/faults.js';
export { OtelModule } from '../libs/otel/src/otel.module.js';
export { tracedGrpcClient, tracedGrpcServer } from '../libs/otel/src/rpc/traced-grpc.js';
