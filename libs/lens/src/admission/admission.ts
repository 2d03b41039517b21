import type { LogRecord, Metric, Resource, Scope, Span } from '@nestlens/otlp/wire';
import { weighed, type Admitted, type Gate } from './gate.js';
import type { AdmissionLimits } from './limits.js';
import { weighLogRecord } from './log-record.js';
import { Meter } from './meter.js';
import { weighPoint, weighSeries, type MetricPoint } from './metric-point.js';
import { createRefusals, type Refusals } from './refusal.js';
import { weighSpan } from './span.js';

/** The entrance of the lens: checks and weighs every item once, and admits those that the store may hold. */
export class Admission {
  readonly refusals: Refusals;
  readonly #gate: Gate;

  constructor(limits: AdmissionLimits) {
    this.refusals = createRefusals(limits);
    this.#gate = { limits, refusals: this.refusals, meter: new Meter(limits.maxDepth) };
  }

  span(span: Span): Admitted {
    return weighSpan(this.#gate, span);
  }

  logRecord(record: LogRecord): Admitted {
    return weighLogRecord(this.#gate, record);
  }

  /** The bytes of the point without its attributes, which its series holds once. */
  point(metric: Metric, point: MetricPoint): Admitted {
    return weighPoint(this.#gate, metric, point);
  }

  /** The bytes that a series of such points holds once: its name and its attributes. */
  series(metric: Metric, point: MetricPoint): number {
    return weighSeries(this.#gate, metric, point);
  }

  source(resource: Resource, scope: Scope): Admitted {
    const { meter, limits, refusals } = this.#gate;
    meter.reset(SOURCE_BASE);
    meter.attributes(resource.attributes);
    meter.attributes(scope.attributes);
    meter.text(scope.name);
    meter.text(scope.version);
    const name = resource.attributes['service.name'];
    if (typeof name === 'string' && name.length > limits.maxNameLength) return refusals.resource;
    return weighed(this.#gate) === undefined ? meter.bytes : refusals.resource;
  }
}

const SOURCE_BASE = 400;
