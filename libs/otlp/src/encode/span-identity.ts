import type { SpanContext, TraceState } from '@opentelemetry/api';

/** Character codes of the hex digits. */
const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** One call with all characters makes a flat string, at half the price of a buffer's `toString('hex')`. */
function hexOf(a: number, b: number): string {
  return String.fromCharCode(
    HEX[a >>> 28]!,
    HEX[(a >>> 24) & 15]!,
    HEX[(a >>> 20) & 15]!,
    HEX[(a >>> 16) & 15]!,
    HEX[(a >>> 12) & 15]!,
    HEX[(a >>> 8) & 15]!,
    HEX[(a >>> 4) & 15]!,
    HEX[a & 15]!,
    HEX[b >>> 28]!,
    HEX[(b >>> 24) & 15]!,
    HEX[(b >>> 20) & 15]!,
    HEX[(b >>> 16) & 15]!,
    HEX[(b >>> 12) & 15]!,
    HEX[(b >>> 8) & 15]!,
    HEX[(b >>> 4) & 15]!,
    HEX[b & 15]!,
  );
}

/**
 * The ID of a trace, which its spans in this process share: four words of 32 bits, of which the text is made when
 * somebody asks for it, or a text alone, as a header or an ID generator gives it.
 */
export class TraceId {
  readonly hasWords: boolean;
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly fourth: number;
  #text: string | undefined;

  private constructor(
    text: string | undefined,
    words: readonly [number, number, number, number] | undefined,
  ) {
    this.hasWords = words !== undefined;
    this.first = words === undefined ? 0 : words[0];
    this.second = words === undefined ? 0 : words[1];
    this.third = words === undefined ? 0 : words[2];
    this.fourth = words === undefined ? 0 : words[3];
    this.#text = text;
  }

  /** From four words of 32 bits, the most significant first. */
  static ofWords(first: number, second: number, third: number, fourth: number): TraceId {
    return new TraceId(undefined, [first, second, third, fourth]);
  }

  /** From 32 hexadecimal digits. */
  static ofText(text: string): TraceId {
    return new TraceId(text, undefined);
  }

  /** 32 hex digits. */
  get text(): string {
    return (this.#text ??= hexOf(this.first, this.second).concat(hexOf(this.third, this.fourth)));
  }
}

/**
 * The identity of a span: what a SpanContext says, without the object and its texts until somebody asks for them. It
 * points to no span, so that a child does not keep its parents alive.
 */
export class SpanIdentity {
  readonly trace: TraceId;
  /** The span ID in words, unless it came as a text. */
  readonly hasWords: boolean;
  readonly high: number;
  readonly low: number;
  readonly traceState: TraceState | undefined;
  /** Flags that leave the process and are not shown in it, see `flags`. */
  readonly hiddenFlags: number;
  readonly #flags: number;
  #text: string | undefined;
  #shown: SpanContext | undefined;

  private constructor(
    trace: TraceId,
    id: string | undefined,
    high: number,
    low: number,
    flags: number,
    hiddenFlags: number,
    traceState: TraceState | undefined,
    shown: SpanContext | undefined,
  ) {
    this.trace = trace;
    this.hasWords = id === undefined;
    this.high = high;
    this.low = low;
    this.traceState = traceState;
    this.hiddenFlags = hiddenFlags;
    this.#flags = flags;
    this.#text = id;
    this.#shown = shown;
  }

  /** The span ID in two words. */
  static ofWords(
    trace: TraceId,
    high: number,
    low: number,
    flags: number,
    hiddenFlags: number,
    traceState: TraceState | undefined,
  ): SpanIdentity {
    return new SpanIdentity(trace, undefined, high, low, flags, hiddenFlags, traceState, undefined);
  }

  /** The span ID as a text. */
  static ofText(
    trace: TraceId,
    id: string,
    flags: number,
    hiddenFlags: number,
    traceState: TraceState | undefined,
  ): SpanIdentity {
    return new SpanIdentity(trace, id, 0, 0, flags, hiddenFlags, traceState, undefined);
  }

  /** The identity of a span of anybody, such as a remote one. */
  static ofContext(context: SpanContext): SpanIdentity {
    const { traceId, spanId, traceFlags, traceState } = context;
    const trace = TraceId.ofText(traceId);
    return new SpanIdentity(trace, spanId, 0, 0, traceFlags, 0, traceState, context);
  }

  /** 16 hex digits. */
  get text(): string {
    return (this.#text ??= hexOf(this.high, this.low));
  }

  /** The context that was shown, whose fields anybody may have changed since; undefined if none was. */
  get shown(): SpanContext | undefined {
    return this.#shown;
  }

  /** Whether somebody has changed the IDs of the context that was shown. */
  get isChanged(): boolean {
    const shown = this.#shown;
    return shown !== undefined && (shown.traceId !== this.trace.text || shown.spanId !== this.text);
  }

  get flags(): number {
    return this.#shown === undefined ? this.#flags : this.#shown.traceFlags;
  }

  /** Always the same object, as the SDK's. Processors of others change its flags to keep a span from being exported. */
  context(): SpanContext {
    return (this.#shown ??= {
      traceId: this.trace.text,
      spanId: this.text,
      traceFlags: this.#flags,
      traceState: this.traceState!,
    });
  }
}
