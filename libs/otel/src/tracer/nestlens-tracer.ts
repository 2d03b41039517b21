import { SamplingDecision, SpanKind, trace } from '@opentelemetry/api';
import type { Context, Link, Span, SpanOptions, TraceState } from '@opentelemetry/api';
import { cleanAttributes, isTracingSuppressed } from '@opentelemetry/core';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { SpanIdentity, TraceId } from '@nestlens/otlp';
import { contextOr, contexts } from '../context/contexts.js';
import { warnOfFault } from '../faults/fault-log.js';
import { newIdentity, randomTraceId } from './id-pool.js';
import { describe } from './lazy-tracer.js';
import type { LazyTracer, SpanSource } from './lazy-tracer.js';
import { LazySpan } from './lazy-span.js';
import { Parent, SUPPRESSED, passedOn } from './parent.js';
import { OpenSpan } from './open-span.js';
import { hiddenFlags, shownFlags } from './random-flag.js';
import type { RecordingSpan } from './recording-span.js';
import { alwaysIn, isInShare, readsTraceId } from './sampling-rule.js';
import type { SamplingRule } from './sampling-rule.js';
import { linksOf, nameOf } from './span-parts.js';
import type { TracerParts } from './tracer-parts.js';
import { UnrecordedSpan } from './unrecorded-span.js';
import { startActive } from './active-span.js';

const NO_OPTIONS: SpanOptions = {};
const UNLIMITED = { attributeCountLimit: Infinity, attributeValueLengthLimit: Infinity };

const isRule = (sampling: SamplingRule | Sampler): sampling is SamplingRule =>
  'followsParent' in sampling;

const kindOf = ({ kind }: SpanOptions): SpanKind =>
  typeof kind === 'number' ? kind : SpanKind.INTERNAL;

/** A tracer of our own. It never throws, whatever it is given, and whatever samplers and ID generators do. */
export class NestlensTracer implements LazyTracer {
  readonly instrumentationScope: InstrumentationScope;
  private readonly parts: TracerParts;

  constructor(parts: TracerParts) {
    this.parts = parts;
    this.instrumentationScope = parts.scope;
  }

  startSpan(name: string, options?: SpanOptions, given?: Context): Span {
    const context = given === undefined ? contexts.active() : contextOr(given);
    try {
      return this.start(name, options ?? NO_OPTIONS, context, undefined);
    } catch (error) {
      warnOfFault('A span was started without its options, which could not be read', error);
    }
    return this.startBare(name, SpanKind.INTERNAL, context);
  }

  startLazily(name: string, kind: SpanKind, parent: Context, source: SpanSource): Span {
    try {
      return this.start(name, { kind }, parent, source);
    } catch (error) {
      warnOfFault('A span was started without its attributes, which could not be read', error);
    }
    return this.startBare(name, kind, parent);
  }

  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...args: readonly unknown[]
  ): ReturnType<F> {
    return startActive(this, name, args);
  }

  private startBare(name: string, kind: SpanKind, context: Context): Span {
    try {
      return this.start(name, { kind }, context, undefined);
    } catch (error) {
      warnOfFault('A span could not be started', error);
      return passedOn(context);
    }
  }

  private start(
    name: string,
    options: SpanOptions,
    given: Context,
    source: SpanSource | undefined,
  ): Span {
    const context = options.root === true ? trace.deleteSpan(given) : given;
    if (isTracingSuppressed(context)) return SUPPRESSED;
    const parent = Parent.in(context);
    const { sampling } = this.parts;
    return isRule(sampling)
      ? this.startByRule(sampling, name, options, context, parent, source)
      : this.startBySampler(sampling, name, options, context, parent, source);
  }

  private startByRule(
    rule: SamplingRule,
    name: string,
    options: SpanOptions,
    context: Context,
    parent: Parent,
    source: SpanSource | undefined,
  ): Span {
    let id: TraceId | undefined;
    let isSampled: boolean;
    if (rule.followsParent && parent.isKnown) isSampled = parent.isSampled;
    else if (readsTraceId(rule)) {
      id = this.traceIdBelow(parent);
      isSampled = isInShare(rule, id);
    } else isSampled = alwaysIn(rule);
    const { traceState } = parent;
    if (!isSampled) return this.unrecorded(parent, id, traceState);
    const decision = SamplingDecision.RECORD_AND_SAMPLED;
    const span = this.recording(name, options, parent, id, traceState, decision);
    const { attributes, links } = options;
    if (links !== undefined) span.startLinks(linksOf(links, this.parts.limits));
    if (attributes !== undefined) span.flatAttributes.setAll(attributes, true);
    return this.begun(span, context, source);
  }

  private startBySampler(
    sampler: Sampler,
    name: string,
    options: SpanOptions,
    context: Context,
    parent: Parent,
    source: SpanSource | undefined,
  ): Span {
    const { limits } = this.parts;
    const links: Link[] = linksOf(options.links, limits);
    const { attributes = {}, droppedAttributesCount = 0 } = cleanAttributes(
      source === undefined ? options.attributes : source.attributes(),
      UNLIMITED,
    );
    const kind = kindOf(options);
    const id = this.traceIdBelow(parent);
    const result = sampler.shouldSample(context, id.text, name, kind, attributes, links);
    const { decision } = result;
    const traceState = result.traceState ?? parent.traceState;
    if (decision === SamplingDecision.NOT_RECORD) return this.unrecorded(parent, id, traceState);
    const span = this.recording(name, options, parent, id, traceState, decision);
    span.startLinks(links);
    span.flatAttributes.dropped += droppedAttributesCount;
    span.flatAttributes.setAll(attributes, true);
    if (result.attributes !== undefined) span.flatAttributes.setAll(result.attributes, true);
    return this.begun(span, context, source);
  }

  private begun(span: RecordingSpan, context: Context, source: SpanSource | undefined): Span {
    if (source !== undefined) describe(span, source);
    span.open();
    this.parts.processors.onStart(span, context);
    return span;
  }

  private recording(
    name: string,
    options: SpanOptions,
    parent: Parent,
    traceId: TraceId | undefined,
    traceState: TraceState | undefined,
    decision: SamplingDecision,
  ): RecordingSpan {
    const { startTime } = options;
    this.parts.metrics?.started(parent.origin, decision);
    const isSampled = decision === SamplingDecision.RECORD_AND_SAMPLED;
    const identity = this.identityBelow(parent, traceId, isSampled, traceState);
    const text = nameOf(name);
    const Made = this.parts.processors.readFlat ? LazySpan : OpenSpan;
    return new Made(
      this.parts,
      text,
      kindOf(options),
      identity,
      parent.identity,
      decision,
      startTime,
    );
  }

  private unrecorded(
    parent: Parent,
    traceId: TraceId | undefined,
    traceState: TraceState | undefined,
  ): Span {
    this.parts.metrics?.started(parent.origin, SamplingDecision.NOT_RECORD);
    // A generator of the app may look at the moment, or at the context.
    if (this.parts.idGenerator !== undefined) {
      const own = this.identityBelow(parent, traceId, false, traceState);
      return new UnrecordedSpan(undefined, 0, 0, undefined, own);
    }
    const isRandom = this.isRandomBelow(parent);
    return new UnrecordedSpan(
      traceId ?? parent.traceId,
      shownFlags(false, isRandom),
      hiddenFlags(isRandom),
      traceState,
      undefined,
    );
  }

  private identityBelow(
    parent: Parent,
    known: TraceId | undefined,
    isSampled: boolean,
    traceState: TraceState | undefined,
  ): SpanIdentity {
    const { idGenerator } = this.parts;
    const traceId = known ?? this.traceIdBelow(parent);
    const isRandom = this.isRandomBelow(parent);
    const shown = shownFlags(isSampled, isRandom);
    const hidden = hiddenFlags(isRandom);
    if (idGenerator === undefined) return newIdentity(traceId, shown, hidden, traceState);
    const id = nameOf(idGenerator.generateSpanId());
    return SpanIdentity.ofText(traceId, id, shown, hidden, traceState);
  }

  private isRandomBelow(parent: Parent): boolean {
    return parent.isKnown ? parent.isRandom : this.parts.idGenerator === undefined;
  }

  private traceIdBelow(parent: Parent): TraceId {
    const { idGenerator } = this.parts;
    const known = parent.traceId;
    if (known !== undefined) return known;
    return idGenerator === undefined
      ? randomTraceId()
      : TraceId.ofText(nameOf(idGenerator.generateTraceId()));
  }
}
