import type { Attributes, HrTime, Link, SpanContext, TimeInput } from '@opentelemetry/api';
import { FLAT } from '@nestlens/otlp';
import type { AttributeBlock } from '@nestlens/otlp';
import { contextOf } from './random-flag.js';
import { RecordingSpan } from './recording-span.js';
import type { TimedEvent } from './span-parts.js';

/**
 * A recording span for processors of others. All that a span of the SDK has as a property of its own is one here too:
 * exporters copy spans by spread, and processors replace what they find. The encoder reads it as any span.
 */
export class OpenSpan extends RecordingSpan {
  attributes: Attributes = {};
  events: TimedEvent[] = [];
  links: Link[] = [];
  startTime: HrTime = [0, 0];
  endTime: HrTime = [0, 0];
  parentSpanContext: SpanContext | undefined = undefined;

  override open(): void {
    this[FLAT] = undefined;
    this.attributes = this.flatAttributes.asObject();
    this.ownEvents = this.events;
    if (this.ownLinks === undefined) this.ownLinks = this.links;
    else this.links = this.ownLinks;
    this.shownStart ??= [this.startSeconds, this.startNanos];
    this.startTime = this.shownStart;
    this.parentSpanContext = this.parentIdentity && contextOf(this.parentIdentity);
  }

  override settle(): void {
    if (this.shownEnd !== undefined) this.endTime = this.shownEnd;
  }

  override setAttribute(key: string, value: unknown): this {
    this.adopt();
    return super.setAttribute(key, value);
  }

  override setAttributes(attributes: Attributes): this {
    this.adopt();
    return super.setAttributes(attributes);
  }

  override setBlock(block: AttributeBlock): void {
    this.adopt();
    super.setBlock(block);
  }

  override addEvent(name: string, given?: Attributes | TimeInput, time?: TimeInput): this {
    this.adopt();
    return super.addEvent(name, given, time);
  }

  override addLink(link: Link): this {
    this.adopt();
    return super.addLink(link);
  }

  /** What a processor has put in the place of a property counts from then on. */
  private adopt(): void {
    if (this.attributes !== this.flatAttributes.object) {
      this.flatAttributes.replace(this.attributes);
    }
    this.ownEvents = this.events;
    this.ownLinks = this.links;
  }
}
