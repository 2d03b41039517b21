import type { Logger, Meter, TextMapPropagator, Tracer } from '@opentelemetry/api';
import { globalProviders } from './globals.js';
import { VERSION } from './version.js';

/** The instrumentation scope of telemetry that this package itself makes. */
export const SCOPE_NAME = '@nestlens/otel';

const { tracers, meters, loggers, propagator } = globalProviders;

/*
 * These do not go through the API, so that another SDK may hold its globals. Spans, metrics and records go to the app in
 * whose context they are made. A tracer, meter or logger that was taken before an app starts works from the start on.
 */
export const ownTracer = (): Tracer => tracers.getTracer(SCOPE_NAME, VERSION);
export const ownMeter = (): Meter => meters.getMeter(SCOPE_NAME, VERSION);
export const ownLogger = (): Logger => loggers.getLogger(SCOPE_NAME, VERSION);
/** Propagates by the options of the app, even if another SDK holds the API's propagator. */
export const ownPropagator: TextMapPropagator = propagator;
