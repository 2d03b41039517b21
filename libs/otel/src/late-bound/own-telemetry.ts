import type { Logger, Meter, TextMapPropagator, Tracer } from '@opentelemetry/api';
import { globalProviders } from './globals.js';

/** Scope of all that this package itself emits. */
export const SCOPE_NAME = '@nestlens/otel';
export const SCOPE_VERSION = '0.1.0';

const { tracers, meters, loggers, propagator } = globalProviders;

/*
 * Not through the API: whoever holds its globals, our own spans, metrics and records go to the app in whose context
 * they are made. All may be kept from before an app starts.
 */
export const ownTracer = (): Tracer => tracers.getTracer(SCOPE_NAME, SCOPE_VERSION);
export const ownMeter = (): Meter => meters.getMeter(SCOPE_NAME, SCOPE_VERSION);
export const ownLogger = (): Logger => loggers.getLogger(SCOPE_NAME, SCOPE_VERSION);
/** As the options of the app have it, whoever holds the API's propagator. */
export const ownPropagator: TextMapPropagator = propagator;
