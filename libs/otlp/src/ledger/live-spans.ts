import type { Meter } from '@opentelemetry/api';
import { flatOf } from '../encode/flat-span.js';
import { observing } from './observing.js';
import type { SelfLog } from './self-log.js';
import { ATTR_SAMPLING_RESULT } from './semconv.js';

/** TraceFlags.SAMPLED of the API. */
const SAMPLED = 1;

/** As far as a span is asked. */
interface Started {
  spanContext(): { readonly traceFlags: number };
}

/** How many recording spans have begun and not ended: those that never do are a leak, and are never sent. */
export class LiveSpans {
  #sampled = 0;
  #recordedOnly = 0;

  /** A span began. */
  started(span: Started): void {
    if (isSampled(span)) this.#sampled += 1;
    else this.#recordedOnly += 1;
  }

  /** Says whether the span is sampled. One that cannot say goes on to where it is counted. */
  ended(span: Started): boolean {
    const sampled = isSampled(span);
    if (sampled) this.#sampled -= 1;
    else this.#recordedOnly -= 1;
    return sampled;
  }

  get sampled(): number {
    return this.#sampled;
  }

  get recordedOnly(): number {
    return this.#recordedOnly;
  }
}

function isSampled(span: Started): boolean {
  try {
    const flags = flatOf(span)?.identity.flags ?? span.spanContext().traceFlags;
    return (flags & SAMPLED) !== 0;
  } catch {
    return true;
  }
}

/**
 * `otel.sdk.span.live` by `otel.span.sampling_result`, read when collected. Returns how to stop.
 * Source: semantic conventions, "OpenTelemetry SDK metrics".
 */
export function liveSpanMetrics(meter: Meter | undefined, live: LiveSpans): () => void {
  if (meter === undefined) return () => {};
  const unit = '{span}';
  const gauge = meter.createObservableUpDownCounter('otel.sdk.span.live', { unit });
  return observing(meter, [gauge], (observe) => {
    observe(gauge, live.sampled, { [ATTR_SAMPLING_RESULT]: 'RECORD_AND_SAMPLE' });
    observe(gauge, live.recordedOnly, { [ATTR_SAMPLING_RESULT]: 'RECORD_ONLY' });
  });
}

/** The line about spans that never ended; undefined where there are none. */
export function unendedText({ sampled }: LiveSpans): string | undefined {
  return sampled > 0
    ? `${sampled} spans had not ended at shutdown and are not sent; is there a path without span.end()?`
    : undefined;
}

export function tellUnended(live: LiveSpans, log: SelfLog): void {
  const text = unendedText(live);
  if (text !== undefined) log.log('warn', 'live_spans', text);
}
