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
import { FLAT, SpanIdentity } from '@nestlens/otlp';
import type { FlatSpan } from '@nestlens/otlp';
import { AttributeList } from './attribute-list.js';
import { contextOf } from './random-flag.js';
import type { Limits } from './span-limits.js';
import type { TimedEvent } from './span-parts.js';
import { durationOf } from './span-time.js';

const NOT_ENDED: HrTime = [-1, -1];

/**
 * What a span holds. Its fields are numbers, lists and the identities of spans, which the encoder reads as they are.
 * What the SDK has as objects is made when somebody asks for it; from then on that object counts, since processors of
 * others change it.
 *
 * Fields are no `#private` ones: a method that is called on a proxy of the span, or on an object that inherits from it,
 * as exporters make them, would throw.
 */
export class SpanRecord implements ReadableSpan, FlatSpan {
  [FLAT]: FlatSpan | undefined = this;
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

  get parentSpanContext(): SpanContext | undefined {
    return this.parentIdentity && contextOf(this.parentIdentity);
  }

  set parentSpanContext(context: SpanContext | undefined) {
    this.parentIdentity = context && SpanIdentity.ofContext(context);
  }

  get attributes(): Attributes {
    return this.flatAttributes.asObject();
  }

  set attributes(attributes: Attributes) {
    this.flatAttributes.replace(attributes);
  }

  get droppedAttributesCount(): number {
    return this.flatAttributes.dropped;
  }

  get events(): TimedEvent[] {
    return (this.ownEvents ??= []);
  }

  set events(events: TimedEvent[]) {
    this.ownEvents = events;
  }

  get links(): Link[] {
    return (this.ownLinks ??= []);
  }

  set links(links: Link[]) {
    this.ownLinks = links;
  }

  get startTime(): HrTime {
    return (this.shownStart ??= [this.startSeconds, this.startNanos]);
  }

  set startTime(time: HrTime) {
    this.shownStart = time;
  }

  /** `[0, 0]` until the span ends, as the SDK has it. */
  get endTime(): HrTime {
    if (!this.hasEnd && this.shownEnd === undefined) return [0, 0];
    return (this.shownEnd ??= [this.endSeconds, this.endNanos]);
  }

  set endTime(time: HrTime) {
    this.shownEnd = time;
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

  /**
   * Gives the span all fields as properties of its own, as the SDK's spans have them: exporters of others copy those.
   * From now on the encoder reads them as it reads any span.
   */
  settle(): void {
    const { attributes, events, links, startTime, endTime, parentSpanContext } = this;
    this[FLAT] = undefined;
    const fields = { attributes, events, links, startTime, endTime, parentSpanContext };
    for (const [name, value] of Object.entries(fields)) {
      Object.defineProperty(this, name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }
}
