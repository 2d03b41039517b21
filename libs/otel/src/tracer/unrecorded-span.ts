import type { Span, SpanContext, TraceState } from '@opentelemetry/api';
import type { SpanIdentity, TraceId } from '@nestlens/otlp';
import { newIdentity, randomTraceId } from './id-pool.js';
import { contextOf } from './random-flag.js';

/** A span that is not recorded: it carries a context, whose IDs are made when somebody asks for them. */
export class UnrecordedSpan implements Span {
  private own: SpanIdentity | undefined;
  /** Undefined: that of a trace that begins here. */
  private readonly trace: TraceId | undefined;
  private readonly flags: number;
  private readonly hiddenFlags: number;
  private readonly traceState: TraceState | undefined;

  constructor(
    trace: TraceId | undefined,
    flags: number,
    hiddenFlags: number,
    traceState: TraceState | undefined,
    own: SpanIdentity | undefined,
  ) {
    this.own = own;
    this.trace = trace;
    this.flags = flags;
    this.hiddenFlags = hiddenFlags;
    this.traceState = traceState;
  }

  get identity(): SpanIdentity {
    if (this.own !== undefined) return this.own;
    const trace = this.trace ?? randomTraceId();
    return (this.own = newIdentity(trace, this.flags, this.hiddenFlags, this.traceState));
  }

  spanContext(): SpanContext {
    return contextOf(this.identity);
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  setBlock(): void {}

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}

  end(): void {}
}
