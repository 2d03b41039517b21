import { propagation } from '@opentelemetry/api';
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { warnOfFault } from '../faults/fault-log.js';
import { parseBaggage, serializeBaggage } from './baggage.js';
import { joined } from './trace-context.js';

export const BAGGAGE = 'baggage';

const tell = (cause: string, leftOut: number): void => {
  if (leftOut > 0) warnOfFault(cause, `${leftOut} in one list`);
};

/**
 * `baggage` by W3C Baggage: at most 180 members and 8,192 bytes, whole members only. Values are percent-encoded, and so
 * are characters that a property may not hold. Keys that are no tokens cannot be sent. Omitted members are reported
 * once a minute.
 */
export class BaggagePropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const baggage = propagation.getBaggage(context);
    if (baggage === undefined || isTracingSuppressed(context)) return;
    const { list, leftOut } = serializeBaggage(baggage);
    if (list !== '') setter.set(carrier, BAGGAGE, list);
    tell('Members of the baggage that cannot be sent are left out', leftOut);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const list = joined(getter.get(carrier, BAGGAGE));
    if (list === undefined || list === '') return context;
    const { baggage, leftOut } = parseBaggage(list);
    tell('Members of incoming baggage that are invalid or too many are left out', leftOut);
    return baggage === undefined ? context : propagation.setBaggage(context, baggage);
  }

  fields(): string[] {
    return [BAGGAGE];
  }
}
