import type { Meter } from '@opentelemetry/api';
import { ownMeter } from '../late-bound/own-telemetry.js';

/** An instrument that is made at its first use: most decorated methods are never called in a test run. */
export const methodInstrument = <Instrument>(
  create: (meter: Meter) => Instrument,
): (() => Instrument) => {
  let instrument: Instrument | undefined;
  return () => (instrument ??= create(ownMeter()));
};
