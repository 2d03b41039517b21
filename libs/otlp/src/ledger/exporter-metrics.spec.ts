import type { Operation } from '../layers/observe.js';
import { accepted, partial, refused, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Signal } from '../wire/model.js';
import { exporterMetrics } from './exporter-metrics.js';
import { SdkMeter } from './fixtures/sdk-meter.js';

function operation(signal: Signal, outcome: Outcome): Operation {
  return {
    signal,
    items: 10,
    bytes: 1000,
    attempts: 2,
    durationMs: 1500,
    possibleDuplicate: false,
    outcome,
  };
}

describe('exporterMetrics', () => {
  let sdk: SdkMeter;
  beforeEach(() => {
    sdk = new SdkMeter();
  });
  afterEach(() => sdk.shutdown());

  it('does nothing without a meter', () => {
    expect(exporterMetrics(undefined, { protocol: 'grpc' }, 'detailed')).toBeUndefined();
  });

  it('counts items in flight and exported items, by the conventions', async () => {
    const metrics = exporterMetrics(
      sdk.meter,
      {
        protocol: 'grpc',
        serverAddress: 'collector',
        serverPort: 4317,
      },
      'detailed',
    );
    metrics?.started({ signal: 'traces', items: 10 });
    metrics?.started({ signal: 'traces', items: 10 });
    metrics?.ended(operation('traces', accepted));
    const inflight = await sdk.metric('otel.sdk.exporter.span.inflight');
    expect(inflight?.descriptor.unit).toBe('{span}');
    expect(inflight?.dataPoints).toMatchObject([
      {
        value: 10,
        attributes: {
          'otel.component.type': 'otlp_grpc_span_exporter',
          'otel.component.name': expect.stringMatching(/^otlp_grpc_span_exporter\/\d+$/),
          'server.address': 'collector',
          'server.port': 4317,
        },
      },
    ]);
    const [exported, ...others] = await sdk.points('otel.sdk.exporter.span.exported');
    expect(others).toEqual([]);
    expect(exported?.value).toBe(10);
    expect(exported?.attributes).not.toHaveProperty('error.type');
  });

  it('counts exported items alone at the level `basic`', async () => {
    const metrics = exporterMetrics(sdk.meter, { protocol: 'grpc' }, 'basic');
    metrics?.started({ signal: 'traces', items: 10 });
    metrics?.ended(operation('traces', accepted));
    metrics?.abandoned();
    expect(await sdk.points('otel.sdk.exporter.span.exported')).toMatchObject([{ value: 10 }]);
    expect(await sdk.metric('otel.sdk.exporter.span.inflight')).toBeUndefined();
    expect(await sdk.metric('otel.sdk.exporter.operation.duration')).toBeUndefined();
  });

  it('has nothing in flight after the worker is gone, even if late reports follow', async () => {
    const metrics = exporterMetrics(sdk.meter, { protocol: 'grpc' }, 'detailed');
    metrics?.started({ signal: 'traces', items: 10 });
    metrics?.started({ signal: 'traces', items: 10 });
    metrics?.started({ signal: 'logs', items: 5 });
    metrics?.abandoned();
    metrics?.abandoned();
    metrics?.started({ signal: 'traces', items: 10 });
    metrics?.ended(operation('traces', accepted));
    metrics?.ended(operation('traces', accepted));
    async function values(name: string) {
      return (await sdk.points(name)).map(({ value }) => value);
    }
    expect(await values('otel.sdk.exporter.span.inflight')).toEqual([0]);
    expect(await values('otel.sdk.exporter.log.inflight')).toEqual([0]);
  });

  it.each([
    ['logs', 'otel.sdk.exporter.log.exported', '{log_record}'],
    ['metrics', 'otel.sdk.exporter.metric_data_point.exported', '{data_point}'],
  ] as const)('counts the items of %s in their own metric', async (signal, name, unit) => {
    exporterMetrics(sdk.meter, { protocol: 'http/json' }, 'detailed')?.ended(
      operation(signal, accepted),
    );
    const metric = await sdk.metric(name);
    expect(metric?.descriptor.unit).toBe(unit);
    expect(metric?.dataPoints[0]?.attributes['otel.component.type']).toMatch(
      /^otlp_http_json_(log|metric)_exporter$/,
    );
  });

  it.each([
    ['grpc', accepted, undefined, { 'rpc.status_code': 'OK' }, [10]],
    ['grpc', retry('UNAVAILABLE'), 'UNAVAILABLE', { 'rpc.status_code': 'UNAVAILABLE' }, [10]],
    ['grpc', retry('ECONNREFUSED'), 'ECONNREFUSED', {}, [10]],
    ['grpc', partial(3, 'words of its own'), 'rejected', { 'rpc.status_code': 'OK' }, [7, 3]],
    ['grpc', partial(0, 'a warning'), undefined, { 'rpc.status_code': 'OK' }, [10]],
    ['http/protobuf', accepted, undefined, { 'http.response.status_code': 200 }, [10]],
    ['http/protobuf', refused('401'), '401', { 'http.response.status_code': 401 }, [10]],
    ['http/protobuf', retry('timeout'), 'timeout', {}, [10]],
  ] as const)('records duration and outcome of an export over %s: %p', async (...row) => {
    const [protocol, outcome, error, status, counts] = row;
    exporterMetrics(sdk.meter, { protocol }, 'detailed')?.ended(operation('traces', outcome));
    const duration = await sdk.metric('otel.sdk.exporter.operation.duration');
    expect(duration?.descriptor.unit).toBe('s');
    const [point] = duration?.dataPoints ?? [];
    expect(point?.value).toMatchObject({ count: 1, sum: 1.5, buckets: { boundaries: [] } });
    const { 'error.type': seen, ...rest } = point?.attributes ?? {};
    expect(seen).toBe(error);
    expect(rest).toMatchObject(status);
    expect(Object.keys(rest)).toHaveLength(2 + Object.keys(status).length);
    const exported = await sdk.points('otel.sdk.exporter.span.exported');
    expect(exported.map(({ value }) => value)).toEqual(counts);
  });
});
