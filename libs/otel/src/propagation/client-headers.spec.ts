import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { injectContext } from './client-headers.js';

const IDS = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';

const injected = (
  span: Partial<SpanContext>,
  own: Readonly<Record<string, string>> = {},
  baggage?: string,
): Record<string, string> => {
  const [traceId, spanId] = IDS.split('-') as [string, string];
  let context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1, ...span });
  if (baggage !== undefined) {
    context = propagation.extract(context, { baggage });
    context = trace.setSpanContext(context, { traceId, spanId, traceFlags: 1, ...span });
  }
  const headers: Record<string, string> = { ...own };
  injectContext(context, {
    get: (name) => headers[name],
    set: (name, value) => {
      headers[name] = value;
    },
    remove: (name) => {
      delete headers[name];
    },
  });
  return headers;
};

describe('injectContext', () => {
  let telemetry: RecordedTelemetry;
  beforeAll(() => {
    telemetry = recordTelemetry();
  });
  afterAll(() => telemetry.restore());

  it('sends no empty tracestate', () => {
    expect(injected({ traceState: new TraceState('') })).not.toHaveProperty('tracestate');
    expect(injected({ traceState: new TraceState('a=1') })).toHaveProperty('tracestate', 'a=1');
  });

  it('adds nothing to a traceparent of the caller, and no second baggage', () => {
    const own = { traceparent: 'mine' };
    expect(injected({ traceState: new TraceState('a=1') }, own, 'user=ann')).toEqual({
      traceparent: 'mine',
      baggage: 'user=ann',
    });
    expect(injected({}, { baggage: 'mine' }, 'user=ann')['baggage']).toBe('mine');
  });
});
