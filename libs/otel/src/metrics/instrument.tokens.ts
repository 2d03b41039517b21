import { Inject } from '@nestjs/common';

/** Injection token of the app's own `Meter`; its scope is the service. */
export const OTEL_METER = Symbol.for('nestlens.otel.meter');
/** Injection token of the app's own `Tracer`; its scope is the service. */
export const OTEL_TRACER = Symbol.for('nestlens.otel.tracer');

/** Injection token of the instrument that `provideCounter(name)` and its like provide. */
export const getInstrumentToken = (name: string): symbol =>
  Symbol.for(`nestlens.otel.instrument ${name}`);

/** Injects an instrument that a module provides: `@InjectInstrument('orders.placed') orders: Counter`. */
export const InjectInstrument = (name: string): ParameterDecorator & PropertyDecorator =>
  Inject(getInstrumentToken(name));

/** Injects the app's own `Meter`. */
export const InjectMeter = (): ParameterDecorator & PropertyDecorator => Inject(OTEL_METER);

/** Injects the app's own `Tracer`. */
export const InjectTracer = (): ParameterDecorator & PropertyDecorator => Inject(OTEL_TRACER);
