import { addHrTimes, millisToHrTime } from '@opentelemetry/core';
import type { Attributes, HrTime, Link, SpanKind, SpanStatus, TimeInput } from '@opentelemetry/api';
import type { SamplingDecision, Span as SdkSpan } from '@opentelemetry/sdk-trace';
import type { AttributeBlock, SpanIdentity } from '@nestlens/otlp';
import { diag } from '../api/diag.js';
import { eventOf, linkOf, nameOf, statusAfter } from './span-parts.js';
import { SpanRecord } from './span-record.js';
import { durationOf, givenTime } from './span-time.js';
import type { TracerParts } from './tracer-parts.js';

/** A span that records, by the API of OpenTelemetry. No method throws, whatever it is given. */
export abstract class RecordingSpan extends SpanRecord implements SdkSpan {
  private readonly parts: TracerParts;
  private readonly decision: SamplingDecision;
  /** Readings of both clocks at the start. The first may be set while the span lives, the second not. */
  private readonly wall = Date.now();
  private readonly monotonic = performance.now();
  private readonly isStartGiven: boolean;

  constructor(
    parts: TracerParts,
    name: string,
    kind: SpanKind,
    identity: SpanIdentity,
    parentIdentity: SpanIdentity | undefined,
    decision: SamplingDecision,
    startTime: unknown,
  ) {
    super(name, kind, parts.resource, parts.scope, parts.limits, identity, parentIdentity);
    this.parts = parts;
    this.decision = decision;
    const given =
      startTime === undefined ? undefined : givenTime(startTime, this.wall, this.monotonic);
    this.isStartGiven = given !== undefined;
    if (given !== undefined) this.shownStart = given;
    else {
      this.startSeconds = Math.trunc(this.wall / 1000);
      this.startNanos = (this.wall % 1000) * 1e6;
    }
  }

  isRecording(): boolean {
    return !this.ended;
  }

  setAttribute(key: string, value: unknown): this {
    if (this.ended) return this.late();
    this.flatAttributes.set(key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (this.ended) return this.late();
    this.flatAttributes.setAll(attributes);
    return this;
  }

  setBlock(block: AttributeBlock): void {
    if (this.ended) this.late();
    else this.flatAttributes.setBlock(block);
  }

  addEvent(name: string, given?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.ended) return this.late();
    const { limits } = this.parts;
    if (limits.events === 0) {
      this.droppedEventsCount++;
      return this;
    }
    const events = (this.ownEvents ??= []);
    const at = givenTime(given, this.wall, this.monotonic);
    const when = this.timeOf(givenTime(time, this.wall, this.monotonic) ?? at);
    const attributes = at === undefined ? given : undefined;
    if (events.length >= limits.events) {
      events.shift();
      this.droppedEventsCount++;
    }
    events.push(eventOf(nameOf(name), when, attributes, limits));
    return this;
  }

  addLink(given: Link): this {
    if (this.ended) return this.late();
    const { limits } = this.parts;
    const link = limits.links === 0 ? undefined : linkOf(given, limits);
    if (link === undefined) {
      if (limits.links === 0) this.droppedLinksCount++;
      return this;
    }
    const links = (this.ownLinks ??= []);
    if (links.length >= limits.links) {
      links.shift();
      this.droppedLinksCount++;
    }
    links.push(link);
    return this;
  }

  addLinks(links: readonly Link[]): this {
    try {
      for (const link of links) this.addLink(link);
    } catch (error) {
      diag.warn('Links could not be read', error);
    }
    return this;
  }

  /** The links of the start: as the SDK has it, the first ones go where there are too many. */
  startLinks(links: Link[]): void {
    const { limits } = this.parts;
    const more = Math.max(0, links.length - limits.links);
    this.ownLinks = more === 0 ? links : links.slice(more);
    this.droppedLinksCount = more;
  }

  setStatus(status: SpanStatus): this {
    if (this.ended) return this.late();
    this.status = statusAfter(this.status, status);
    return this;
  }

  updateName(name: string): this {
    if (this.ended) return this.late();
    this.name = nameOf(name);
    return this;
  }

  recordException(exception: unknown, time?: TimeInput): void {
    if (this.ended) this.late();
    else if (exception === undefined || exception === null) {
      diag.warn('An exception that is undefined or null is not recorded');
    } else this.addEvent('exception', this.parts.exceptionAttributes(exception), time);
  }

  /** The start is complete, and processors are told next. */
  open(): void {}

  /** The end is known, and processors are told next. */
  settle(): void {}

  end(endTime?: TimeInput): void {
    if (this.ended) {
      this.late();
      return;
    }
    this.setEnd(endTime);
    this.settle();
    const { processors, metrics } = this.parts;
    processors.onEnding(this);
    metrics?.ended(this.decision);
    this.ended = true;
    processors.onEnd(this);
  }

  private setEnd(endTime: TimeInput | undefined): void {
    this.hasEnd = true;
    const elapsed = performance.now() - this.monotonic;
    if (endTime === undefined && this.shownStart === undefined && elapsed >= 0) {
      // The common case, without an object. Nothing here is larger than a double can count.
      const nanos = this.startNanos + Math.round(elapsed * 1e6);
      const seconds = Math.floor(nanos / 1e9);
      this.endSeconds = this.startSeconds + seconds;
      this.endNanos = nanos - seconds * 1e9;
      return;
    }
    this.shownEnd = this.timeOf(endTime);
    if (durationOf(this.startTime, this.shownEnd)[0] >= 0) return;
    diag.warn('The end of a span is before its start; its duration is 0');
    this.shownEnd = [...this.startTime];
  }

  /** A time that was given, else the time that it is. */
  private timeOf(input: unknown): HrTime {
    const given = input === undefined ? undefined : givenTime(input, this.wall, this.monotonic);
    if (given !== undefined) return given;
    if (this.isStartGiven) return millisToHrTime(Date.now());
    return addHrTimes(this.startTime, millisToHrTime(performance.now() - this.monotonic));
  }

  /** A call after the end has no effect. */
  private late(): this {
    diag.warn('An operation on a span that has ended has no effect', this.name);
    return this;
  }
}
