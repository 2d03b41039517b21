import type { Attributes, HrTime, Link, SpanContext } from '@opentelemetry/api';
import { SpanIdentity } from '@nestlens/otlp';
import { contextOf } from './random-flag.js';
import { RecordingSpan } from './recording-span.js';
import type { TimedEvent } from './span-parts.js';

/**
 * A recording span that makes an object when somebody asks for it. From then on that object counts, since whoever has it
 * may change it.
 */
export class LazySpan extends RecordingSpan {
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
}
