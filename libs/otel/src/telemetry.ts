import { logs, metrics, trace } from '@opentelemetry/api';
import type { Logger, Meter, Tracer } from '@opentelemetry/api';

/** Scope of all that this package itself emits. */
export const SCOPE_NAME = '@nestlens/otel';
export const SCOPE_VERSION = '0.1.0';

/** Late-bound: may be kept from before the providers are filled. */
export const ownTracer = (): Tracer => trace.getTracer(SCOPE_NAME, SCOPE_VERSION);
/** Late-bound: may be kept from before the providers are filled. */
export const ownMeter = (): Meter => metrics.getMeter(SCOPE_NAME, SCOPE_VERSION);
/** Late-bound: may be kept from before the providers are filled. */
export const ownLogger = (): Logger => logs.getLogger(SCOPE_NAME, SCOPE_VERSION);
