import { inspect } from 'node:util';
import { SpanStatusCode } from '@opentelemetry/api';
import type {
  Attributes,
  HrTime,
  Link,
  SpanContext,
  SpanKind,
  SpanStatus,
} from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { FLAT } from '@nestlens/otlp';
import type { FlatSpan, SpanIdentity } from '@nestlens/otlp';
import { AttributeList } from './attribute-list.js';
import { contextOf } from './random-flag.js';
import type { Limits } from './span-limits.js';
import type { TimedEvent } from './span-parts.js';
import { durationOf } from './span-time.js';

const NOT_ENDED: HrTime = [-1, -1];

/**
 * What a span holds: numbers, lists and the identities of spans, which the encoder reads as they are. What the SDK has as
 * objects, the abstract fields here, comes from a `LazySpan` or an `OpenSpan`.
 *
 * Fields are no `#private` ones: a method that is called on a proxy of the span, or on an object that inherits from it,
 * as exporters make them, would throw.
 */
export abstract class SpanRecord implements ReadableSpan, FlatSpan {
  [FLAT]: FlatSpan | undefined = this;
  abstract attributes: Attributes;
  abstract events: TimedEvent[];
  abstract links: Link[];
  abstract startTime: HrTime;
  abstract endTime: HrTime;
  abstract parentSpanContext: SpanContext | undefined;
  name: string;
  kind: SpanKind;
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  resource: Resource;
  instrumentationScope: InstrumentationScope;
  identity: SpanIdentity;
  parentIdentity: SpanIdentity | undefined;
  flatAttributes: AttributeList;
  startSeconds = 0;
  startNanos = 0;
  endSeconds = 0;
  endNanos = 0;
  shownStart: HrTime | undefined = undefined;
  shownEnd: HrTime | undefined = undefined;
  ownEvents: TimedEvent[] | undefined = undefined;
  ownLinks: Link[] | undefined = undefined;
  droppedEventsCount = 0;
  droppedLinksCount = 0;
  ended = false;
  protected hasEnd = false;

  constructor(
    name: string,
    kind: SpanKind,
    resource: Resource,
    scope: InstrumentationScope,
    limits: Limits,
    identity: SpanIdentity,
    parentIdentity: SpanIdentity | undefined,
  ) {
    this.name = name;
    this.kind = kind;
    this.resource = resource;
    this.instrumentationScope = scope;
    this.identity = identity;
    this.parentIdentity = parentIdentity;
    this.flatAttributes = new AttributeList(limits);
  }

  spanContext(): SpanContext {
    return contextOf(this.identity);
  }

  get droppedAttributesCount(): number {
    return this.flatAttributes.dropped;
  }

  get duration(): HrTime {
    return this.hasEnd ? durationOf(this.startTime, this.endTime) : NOT_ENDED;
  }

  /** For `console.log`: what the span says, without making objects that would count from then on. */
  [inspect.custom](): object {
    const { name, kind, status, ended, ownEvents = [], ownLinks = [] } = this;
    const { traceId, spanId } = this.spanContext();
    const attributes = this.flatAttributes.copy();
    return {
      name,
      kind,
      traceId,
      spanId,
      status,
      ended,
      attributes,
      events: ownEvents,
      links: ownLinks,
    };
  }
}
