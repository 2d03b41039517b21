import {
  ROOT_CONTEXT,
  TraceFlags,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  trace,
} from '@opentelemetry/api';
import { buildPropagator } from './propagator.js';

const spanContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: TraceFlags.SAMPLED,
};
const full = propagation.setBaggage(
  trace.setSpanContext(ROOT_CONTEXT, spanContext),
  propagation.createBaggage({ tenant: { value: 'one' } }),
);

const injected = async (
  names: Parameters<typeof buildPropagator>[0],
): Promise<Record<string, string>> => {
  const carrier: Record<string, string> = {};
  (await buildPropagator(names))?.inject(full, carrier, defaultTextMapSetter);
  return carrier;
};

describe('buildPropagator', () => {
  it('writes the headers of the chosen formats', async () => {
    const { traceId, spanId } = spanContext;
    expect(await injected(['tracecontext', 'baggage'])).toEqual({
      traceparent: `00-${traceId}-${spanId}-01`,
      baggage: 'tenant=one',
    });
    expect(await injected(['b3'])).toEqual({ b3: `${traceId}-${spanId}-1` });
    expect(await injected(['b3multi'])).toMatchObject({
      'x-b3-traceid': traceId,
      'x-b3-sampled': '1',
    });
  });

  it('is null if no format is chosen', async () => {
    expect(await buildPropagator([])).toBeNull();
  });

  it('reads its own headers', async () => {
    const propagator = await buildPropagator(['tracecontext', 'baggage']);
    const carrier = await injected(['tracecontext', 'baggage']);
    const context =
      propagator?.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter) ?? ROOT_CONTEXT;
    expect(trace.getSpanContext(context)).toMatchObject({ ...spanContext, isRemote: true });
    expect(propagation.getBaggage(context)?.getEntry('tenant')?.value).toBe('one');
  });
});
