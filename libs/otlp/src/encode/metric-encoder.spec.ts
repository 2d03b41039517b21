import { resourceFromAttributes } from '@opentelemetry/resources';
import type { GaugeMetricData } from '@opentelemetry/sdk-metrics';
import { decodeExportRequest } from '../wire/export-request.js';
import type { Metric } from '../wire/model.js';
import { createMetricEncoder } from './metric-encoder.js';
import { encodeRequest } from './fixtures/request.js';

const resource = resourceFromAttributes({ 'service.name': 'shop' });
const scope = { name: 'scope' };
type Point = { readonly value: number; readonly attributes: object };
type Points = GaugeMetricData['dataPoints'];

function gauge(dataPoints: Points): GaugeMetricData {
  const descriptor = { name: 'gauge', description: 'd', unit: 's', valueType: 0 };
  return { descriptor, aggregationTemporality: 1, dataPointType: 2, dataPoints };
}

function points(count: number): Points {
  return Array.from({ length: count }, (_, index) => ({
    startTime: [1, 0],
    endTime: [2, 0],
    attributes: { index, route: `/orders/${index}` },
    value: index,
  }));
}

function metricsOf(bytes: Uint8Array): Metric[] {
  const { groups } = decodeExportRequest('metrics', bytes);
  return groups.flatMap((group) => group.scopes.flatMap((run) => run.items));
}

describe('a metric', () => {
  it('continues in the next target if one is full', () => {
    const encoder = createMetricEncoder();
    const metric = gauge(points(1000));
    const written: Metric[] = [];
    for (let next = 0; next < 1000;) {
      const target = new Uint8Array(4096);
      encoder.open(target, 0);
      const from = next;
      next = encoder.append(resource, scope, metric, from);
      expect(next).toBeGreaterThan(from);
      written.push(...metricsOf(target.subarray(0, encoder.close())));
    }
    expect(written.length).toBeGreaterThan(10);
    expect(
      new Set(written.map((part) => `${part.name} ${part.description} ${part.unit}`)).size,
    ).toBe(1);
    const values = written.flatMap((part) =>
      part.data.points.map((point) => (point as Point).value),
    );
    expect(values).toEqual(points(1000).map((point) => point.value));
  });

  it('leaves a target unchanged that is too small', () => {
    const encoder = createMetricEncoder();
    encoder.open(new Uint8Array(40), 5);
    expect(encoder.append(resource, scope, gauge(points(1)), 0)).toBe(0);
    expect([encoder.close(), encoder.dropped]).toEqual([5, 0]);
  });

  it('drops and counts points that cannot be read or are too large, and keeps the others', () => {
    const metric = gauge(points(6));
    const [, second = {}, third = {}, fourth = {}, fifth = {}] = metric.dataPoints;
    Object.defineProperty(second, 'value', {
      get: () => {
        throw new Error('hostile');
      },
    });
    Object.assign(third, { attributes: { huge: 'x'.repeat(1_000_000) } });
    Object.assign(fourth, {
      attributes: {
        get: new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('x');
            },
          },
        ),
      },
    });
    Object.assign(fifth, { attributes: { long: 'x'.repeat(20_000) } });
    const { bytes, dropped } = encodeRequest('metrics', {
      resource,
      scopeMetrics: [{ scope, metrics: [metric] }],
    });
    expect(dropped).toBe(3);
    const kept = metricsOf(bytes).flatMap<Point>((part) => part.data.points as readonly never[]);
    expect(kept.map((point) => point.value)).toEqual([0, 4, 5]);
    expect(kept.at(1)?.attributes).toMatchObject({ long: 'x'.repeat(20_000) });
  });

  it('keeps points whose values are no numbers', () => {
    const metric = gauge(points(3));
    [null, Number.NaN, 'x'].forEach((value, index) =>
      Object.assign(metric.dataPoints.at(index) ?? {}, { value }),
    );
    const { bytes, dropped } = encodeRequest('metrics', {
      resource,
      scopeMetrics: [{ scope, metrics: [metric] }],
    });
    expect(dropped).toBe(0);
    expect(metricsOf(bytes).at(0)!.data.points).toHaveLength(3);
  });

  it('is not sent without points', () => {
    const { bytes } = encodeRequest('metrics', {
      resource,
      scopeMetrics: [{ scope, metrics: [gauge([])] }],
    });
    expect(bytes).toHaveLength(0);
  });
});
