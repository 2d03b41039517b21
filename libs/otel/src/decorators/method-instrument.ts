import { metrics } from '@opentelemetry/api';
import type { Meter, MeterProvider } from '@opentelemetry/api';
import { ownMeter } from '../telemetry.js';

/**
 * An instrument that is made at its first use, and again if somebody else's provider becomes the global one:
 * classes live longer than the SDKs of a test run.
 */
export const methodInstrument = <Instrument>(
  create: (meter: Meter) => Instrument,
): (() => Instrument) => {
  let owner: MeterProvider | undefined;
  let instrument: Instrument | undefined;
  return () => {
    const provider = metrics.getMeterProvider();
    if (instrument === undefined || provider !== owner) {
      owner = provider;
      instrument = create(ownMeter());
    }
    return instrument;
  };
};
