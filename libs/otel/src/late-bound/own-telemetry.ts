import type { Logger, Meter, TextMapPropagator, Tracer } from '@opentelemetry/api';
import { globalProviders } from './globals.js';

/** The instrumentation scope of telemetry that this package itself makes. */
export const SCOPE_NAME = '@nestlens/otel';
export const SCOPE_VERSION = '0.1.0';

const { tracers, meters, loggers, propagator } = globalProviders;

/*
 * These do not go through the API, so that another SDK may hold its globals. Spans, metrics and records go to the app in
 * whose context they are made. A tracer, meter or logger that was taken before an app starts works from the start on.
 */
export const ownTracer = (): Tracer => tracers.getTracer(SCOPE_NAME, SCOPE_VERSION);
export const ownMeter = (): Meter => meters.getMeter(SCOPE_NAME, SCOPE_VERSION);
export const ownLogger = (): Logger => loggers.getLogger(SCOPE_NAME, SCOPE_VERSION);
/** Propagates as the options of the app say, even where another SDK holds the API's propagator. */
export const ownPropagator: TextMapPropagator = propagator;
