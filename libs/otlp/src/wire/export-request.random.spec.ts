import type { AnyValue as ApiValue, Attributes } from '@opentelemetry/api';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { Seeded } from '../encode/fixtures/seeded.js';
import { exportPoints, exportRecords, exportSpans } from './fixtures/official-exports.js';

const LIMITS = { eventCountLimit: 4, linkCountLimit: 4, attributeCountLimit: 24 };

describe('random spans of the official SDK', () => {
  it('are read the same from protobuf and from JSON (2000 spans)', async () => {
    const random = new Random(20);
    const request = await exportSpans((provider) => {
      for (let index = 0; index < 2000; index++) {
        const tracer = provider.getTracer(random.pick(['a', 'b', 'c']));
        const span = tracer.startSpan(random.text(), {
          kind: random.int(5),
          root: random.chance(0.5),
          attributes: random.attributes(30),
          links: random.list(5, () => ({
            context: { traceId: random.hex(16), spanId: random.hex(8), traceFlags: random.int(2) },
            attributes: random.attributes(),
          })),
        });
        for (const name of random.list(5, () => random.text()))
          span.addEvent(name, random.attributes());
        span.setStatus({ code: random.int(3), message: random.text() });
        span.end();
      }
    }, LIMITS);
    const items = request.groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));
    expect(items).toHaveLength(2000);
    expect(items.some((span) => span.droppedEventsCount > 0)).toBe(true);
    expect(items.some((span) => span.droppedLinksCount > 0)).toBe(true);
    expect(items.some((span) => span.droppedAttributesCount > 0)).toBe(true);
  });
});

describe('random log records of the official SDK', () => {
  it('are read the same from protobuf and from JSON (3000 records)', async () => {
    const random = new Random(21);
    const request = await exportRecords((provider) => {
      for (let index = 0; index < 3000; index++) {
        provider.getLogger(random.pick(['a', 'b'])).emit({
          severityNumber: random.int(25),
          severityText: random.text(),
          eventName: random.text(),
          body: random.value(4),
          attributes: { nested: random.value(4), ...random.attributes() },
        });
      }
    });
    const items = request.groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));
    expect(items).toHaveLength(3000);
  });
});

describe('random points of the official SDK', () => {
  it('are read the same from protobuf and from JSON (2000 points)', async () => {
    const random = new Random(22);
    const request = await exportPoints(AggregationTemporality.DELTA, (provider) => {
      for (let index = 0; index < 2000; index++) {
        const meter = provider.getMeter(random.pick(['a', 'b', 'c']));
        const attributes: Attributes = { route: `/${index}`, ...random.attributes() };
        const value = random.pick([0, 1, 2 ** 40, 0.1, 1e-9, 1e9]);
        random.pick([
          () => meter.createCounter('sum').add(value, attributes),
          () => meter.createUpDownCounter('updown').add(0 - value, attributes),
          () => meter.createGauge('gauge').record(0 - value, attributes),
          () => meter.createHistogram('wide').record(value, attributes),
          () => meter.createHistogram('exponential').record(value, attributes),
        ])();
      }
    });
    const items = request.groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));
    const points = items.flatMap((metric) => metric.data.points.length);
    expect(points.reduce((sum, count) => sum + count, 0)).toBe(2000);
  });
});

/** None of these characters has two UTF-16 units, so that a cut never divides one. */
const LETTERS = 'aZ"\\\n\u0000é字\u2028 '.repeat(8);

class Random extends Seeded {
  hex(bytes: number): string {
    return Array.from({ length: bytes }, () =>
      (this.int(255) + 1).toString(16).padStart(2, '0'),
    ).join('');
  }

  text(): string {
    const start = this.int(LETTERS.length);
    return LETTERS.slice(start, start + this.int(40));
  }

  number(): number {
    const sign = this.chance(0.5) ? 1 : -1;
    return (
      sign * this.pick([this.int(200), this.int(2 ** 31), this.next(), 2 ** 53 - 1, 2 ** 53 + 2])
    );
  }

  attributes(max = 4): Attributes {
    const attributes: Attributes = {};
    const count = this.int(max + 1);
    for (let index = 0; index < count; index++) {
      attributes[`k${this.int(60)}`] = this.pick<() => Attributes[string]>([
        () => this.text(),
        () => this.number(),
        () => this.chance(0.5),
        () => this.list(5, () => this.text()),
        () => this.list(5, () => this.number()),
        () => this.list(5, () => this.chance(0.5)),
      ])();
    }
    return attributes;
  }

  value(depth: number): ApiValue {
    const leaves: (() => ApiValue)[] = [
      () => this.text(),
      () => this.number(),
      () => this.chance(0.5),
      () => null,
      () => Uint8Array.from(this.list(5, () => this.int(256))),
    ];
    if (depth === 0) return this.pick(leaves)();
    const nested: (() => ApiValue)[] = [
      () => this.list(5, () => this.value(depth - 1)),
      () => Object.fromEntries(this.list(5, () => [this.text(), this.value(depth - 1)])),
    ];
    return this.pick([...leaves, ...nested])();
  }
}
