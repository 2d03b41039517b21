import { ProxyTracerProvider } from '@opentelemetry/api';
import type {
  Context,
  Span,
  SpanKind,
  SpanOptions,
  Tracer,
  TracerOptions,
  TracerProvider,
} from '@opentelemetry/api';
import { diag } from '../api/diag.js';
import { contextOr, contexts } from '../context/contexts.js';
import { startLazily } from '../tracer/lazy-tracer.js';
import type { LazyTracer, SpanSource } from '../tracer/lazy-tracer.js';
import { isOwnSpan } from '../tracer/own-span.js';
import { keepRandomFlag } from '../tracer/random-flag.js';
import { Overlaps, protocolOf } from './overlaps.js';
import type { Overlap } from './overlaps.js';
import { LateBoundProvider } from './provider.js';
import { Binding, LateBoundSlot, scopeKey } from './slot.js';
import type { Scope } from './slot.js';
import { startActive } from '../tracer/active-span.js';

// The API exports no noop tracer; an empty proxy provider hands out one that passes the parent on.
const WAITING = new ProxyTracerProvider().getTracer('nestlens.waiting');

type Slot = LateBoundSlot<TracerProvider, Tracer>;

/** Our own tracer sets the flag itself, and a look at the context of its span would make the IDs. */
const flagged = (span: Span, parent: Context): Span =>
  isOwnSpan(span) ? span : keepRandomFlag(span, parent);

/**
 * A tracer provider that may be asked before the real one exists. Unlike the API's own proxy, its
 * tracers can be bound again after a release, so tracers kept at module level outlive an app.
 */
export class LateBoundTracerProvider
  extends LateBoundProvider<TracerProvider, Tracer>
  implements TracerProvider
{
  /** Spans of other instrumentations that these tracers make and that are there twice. */
  readonly overlaps = new Overlaps();

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    return this.slot.handle(scopeKey(name, version, options?.schemaUrl), () => {
      const scope = { name, version, options };
      const protocol = protocolOf(name);
      if (protocol === undefined) return new LateBoundTracer(this.slot, scope);
      const shown = version === undefined ? name : `${name} ${version}`;
      return new WatchedTracer(this.slot, scope, this.overlaps, { scope: shown, protocol });
    });
  }
}

class LateBoundTracer implements LazyTracer {
  readonly #binding: Binding<TracerProvider, Tracer>;

  constructor(slot: Slot, { name, version, options }: Scope<TracerOptions>) {
    this.#binding = new Binding(slot, WAITING, (provider) =>
      provider.getTracer(name, version, options),
    );
  }

  /** The SDK throws for attributes, links and times that cannot be read, and a sampler may throw anything. */
  startSpan(name: string, options?: SpanOptions, given?: Context): Span {
    // The context is passed on: the SDK would ask the API, which may be unable to tell.
    const parent = given === undefined ? contexts.active() : contextOr(given);
    const tracer = this.#binding.in(parent);
    try {
      return flagged(tracer.startSpan(name, options, parent), parent);
    } catch (error) {
      diag.warn('A span could not be started with its options, which are dropped', error);
    }
    try {
      return flagged(tracer.startSpan(name, {}, parent), parent);
    } catch {
      return WAITING.startSpan('', {}, parent);
    }
  }

  startLazily(name: string, kind: SpanKind, parent: Context, source: SpanSource): Span {
    const tracer = this.#binding.in(parent);
    try {
      return flagged(startLazily(tracer, name, kind, parent, source), parent);
    } catch (error) {
      diag.warn('A span could not be started with its attributes, which are dropped', error);
    }
    return this.startSpan(name, { kind }, parent);
  }

  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...args: readonly unknown[]
  ): ReturnType<F> {
    return startActive(this, name, args);
  }
}

/**
 * The tracer of an instrumentation that may make the same spans as this package. Other tracers pay nothing for the
 * check.
 */
class WatchedTracer extends LateBoundTracer {
  readonly #overlaps: Overlaps;
  readonly #what: Omit<Overlap, 'side'>;

  constructor(
    slot: Slot,
    scope: Scope<TracerOptions>,
    overlaps: Overlaps,
    what: Omit<Overlap, 'side'>,
  ) {
    super(slot, scope);
    this.#overlaps = overlaps;
    this.#what = what;
  }

  override startSpan(name: string, options?: SpanOptions, given?: Context): Span {
    const span = super.startSpan(name, options, given);
    this.#check(span, options?.kind);
    return span;
  }

  override startLazily(name: string, kind: SpanKind, parent: Context, source: SpanSource): Span {
    const span = super.startLazily(name, kind, parent, source);
    this.#check(span, kind);
    return span;
  }

  #check(span: Span, kind: SpanKind | undefined): void {
    if (span.isRecording()) this.#overlaps.started(this.#what, kind, contexts.active());
  }
}
