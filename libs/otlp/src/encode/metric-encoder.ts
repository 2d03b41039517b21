import type { Resource } from '@opentelemetry/resources';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { DataPointWriter } from './data-point.js';
import type { OpenUnit } from './item-encoder.js';
import type { EncodeLimits, EncodeLosses } from './limits.js';
import { encodeLimits } from './limits.js';
import { MetricWriter } from './metric.js';
import type { Scope } from './prefix.js';
import { Unit } from './unit.js';
import { createWriters } from './writers.js';
import type { Writers } from './writers.js';

/**
 * Turns collected metrics into OTLP protobuf, written straight into memory of the caller, as `ItemEncoder` does. A
 * metric continues in the next target when one is full:
 *
 *     for (let next = 0; next < metric.dataPoints.length; ) {
 *       const from = next;
 *       next = encoder.append(resource, scope, metric, from);
 *       if (next < metric.dataPoints.length) open another target; if (next === from) it was full from the start
 *     }
 *
 * Attributes of points are never truncated, as the SDK specification asks. A point that is larger than `itemBytes`,
 * or that throws when it is read, is dropped.
 */
export interface MetricEncoder extends OpenUnit {
  /** Points that the last `append` dropped; they count as done. */
  readonly dropped: number;
  /** Writes the points from index `from` on and returns the first index that did not fit. */
  append(resource: Resource, scope: Scope, metric: MetricData, from: number): number;
}

/** `limits` override the defaults. Only `keyLength`, `depth`, `compositeBytes` and `itemBytes` matter. */
export function createMetricEncoder(limits?: Partial<EncodeLimits>): MetricEncoder {
  const { itemBytes } = encodeLimits(limits);
  // Limits of attributes are not for metrics (SDK specification, attribute limits).
  return new Encoder(createWriters({ ...limits, valueLength: itemBytes }));
}

class Encoder implements MetricEncoder {
  readonly losses: EncodeLosses;
  readonly #writer: MetricWriter;
  readonly #unit: Unit;
  readonly #budget: number;
  dropped = 0;

  constructor(writers: Writers) {
    const { cursor, attributes, limits, prefixes } = writers;
    this.losses = writers.losses;
    this.#budget = limits.itemBytes;
    const points = new DataPointWriter(cursor, attributes, writers.values.width);
    this.#writer = new MetricWriter(cursor, points, limits.itemBytes);
    this.#unit = new Unit(cursor, prefixes);
  }

  get end(): number {
    return this.#unit.end;
  }

  open(target: Uint8Array, offset: number): void {
    this.#unit.open(target, offset);
  }

  append(resource: Resource, scope: Scope, metric: MetricData, from: number): number {
    this.dropped = 0;
    try {
      const count = metric.dataPoints.length;
      if (from >= count) return count;
      this.#unit.begin(resource, scope, this.#budget);
      const next = this.#writer.write(metric, from);
      const { dropped } = this.#writer;
      // A frame without points says nothing, and such frames must not fill a target.
      if (next - from > dropped && !this.#unit.commit(resource, scope)) return from;
      this.dropped = dropped;
      return next;
    } catch {
      return this.#unreadable(metric, from);
    }
  }

  close(): number {
    return this.#unit.close();
  }

  #unreadable(metric: MetricData, from: number): number {
    try {
      const count = metric.dataPoints.length;
      this.dropped = count - from;
      return count;
    } catch {
      return from;
    }
  }
}
