import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Context, Span, SpanKind } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { FlatSpanProcessor } from '@nestlens/otlp';
import { createSpanEncoder } from '../../../otlp/src/encode/item-encoder.js';
import { hostileValue } from '../../../otlp/src/encode/fixtures/hostile-items.js';
import { Random } from '../../../otlp/src/encode/fixtures/random.js';
import { NestlensTracerProvider } from '../tracer/nestlens-tracer-provider.js';
import { attributeBlock, setBlock } from '../tracer/attribute-block.js';
import { startLazily } from '../tracer/lazy-tracer.js';
import { exceptionAttributes } from '../exceptions/exception.js';
import { LateBoundLoggerProvider } from './logger.js';
import { LateBoundMeterProvider } from './meter.js';
import { LateBoundTracerProvider } from './tracer.js';

const CALLS = Number(process.env['NESTLENS_FUZZ'] ?? (process.env['CI'] ? 1_000_000 : 20_000));
const SHARE = 10_000;
const SEED = Number(process.env['NESTLENS_FUZZ_SEED'] ?? 1);

const nested = (depth: number): unknown => {
  let value: unknown = 'end';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
};
const DEEP = nested(200_000);

/** Arguments of any type for a parameter of one. */
type Any = never;

class Caller {
  readonly tracers = new LateBoundTracerProvider();
  readonly meters = new LateBoundMeterProvider();
  readonly loggers = new LateBoundLoggerProvider();
  readonly #random: Random;
  readonly #spans: Span[] = [];
  ended = 0;
  written = 0;

  constructor(random: Random) {
    this.#random = random;
    const target = new Uint8Array(1_048_576);
    const encoder = createSpanEncoder();
    encoder.open(target, 0);
    const processor: FlatSpanProcessor = {
      readsFlat: true,
      onStart: () => {},
      onEnd: (span) => {
        this.ended += 1;
        let result = encoder.append(span);
        if (result === 'full') {
          encoder.open(target, 0);
          result = encoder.append(span);
        }
        if (result === 'written') this.written += 1;
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    for (const app of [{}, {}]) {
      const options = { spanProcessors: [processor], exceptionAttributes };
      this.tracers.fill(new NestlensTracerProvider(options), app);
      this.meters.fill(new MeterProvider(), app);
      this.loggers.fill(new LoggerProvider(), app);
    }
  }

  #any(): Any {
    return (this.#random.chance(0.0002) ? DEEP : hostileValue(this.#random, 2)) as Any;
  }

  /** A key, a value, a time or options: often sound, so that calls get as far as they can. */
  #or(sound: unknown): Any {
    return (this.#random.chance(0.5) ? sound : this.#any()) as Any;
  }

  #span(): Span {
    const random = this.#random;
    if (this.#spans.length < 8 || random.chance(0.02)) {
      const tracer = this.tracers.getTracer('hostile');
      const options = random.chance(0.5)
        ? this.#any()
        : ({
            attributes: this.#any(),
            links: this.#or([{ context: this.#any(), attributes: this.#any() }]),
            kind: this.#or(1),
            startTime: this.#any(),
            root: this.#or(true),
          } as Any);
      const context = this.#or(ROOT_CONTEXT) as Context;
      const span = random.chance(0.5)
        ? tracer.startSpan(this.#or('name'), options, context)
        : tracer.startActiveSpan(this.#or('name'), options, context, (each) => each);
      this.#spans.push(span);
    }
    return random.pick(this.#spans);
  }

  #onSpan(): void {
    const span = this.#span();
    switch (this.#random.int(13)) {
      case 0:
      case 1:
        return void span.setAttribute(this.#or('key'), this.#any());
      case 2:
        return void span.setAttributes(this.#or({ a: this.#any(), b: this.#any() }));
      case 3:
        return void span.addEvent(this.#or('event'), this.#any(), this.#any());
      case 4:
        return void span.addLink(this.#or({ context: this.#any(), attributes: this.#any() }));
      case 5:
        return void span.addLinks(this.#or([this.#any()]));
      case 6:
        return void span.setStatus(this.#or({ code: this.#or(2), message: this.#any() }));
      case 7:
        return void span.updateName(this.#any());
      case 8:
        return span.recordException(this.#any(), this.#any());
      case 9:
        return setBlock(span, attributeBlock(this.#or({ key: 1, other: this.#any() })));
      case 10:
        return void Object.values(span.spanContext());
      case 11:
        startLazily(
          this.tracers.getTracer('hostile'),
          this.#any(),
          this.#any() as SpanKind,
          ROOT_CONTEXT,
          {
            attributes: () => this.#any(),
            describe: (each) => void each.setAttributes(this.#any()),
          },
        ).end(this.#any());
        return;
      default:
        if (this.#spans.length > 4) this.#spans.splice(this.#spans.indexOf(span), 1);
        return span.end(this.#any());
    }
  }

  #onInstrument(): void {
    const meter = this.meters.getMeter('hostile');
    const context = this.#or(undefined) as Context;
    const [value, attributes] = [this.#or(1), this.#or({ a: this.#any() })];
    switch (this.#random.int(5)) {
      case 0:
        return meter.createCounter('counter').add(value, attributes, context);
      case 1:
        return meter.createUpDownCounter('up').add(value, attributes, context);
      case 2:
        return meter.createHistogram('histogram').record(value, attributes, context);
      case 3:
        return meter.createGauge('gauge').record(value, attributes, context);
      default:
        return meter.createCounter(this.#or('counter'), this.#any()).add(value, attributes);
    }
  }

  #onLogger(): void {
    const logger = this.loggers.getLogger('hostile');
    if (this.#random.chance(0.2)) return void logger.enabled(this.#or({ context: this.#any() }));
    logger.emit(
      this.#or({
        body: this.#any(),
        attributes: this.#any(),
        context: this.#or(undefined),
        timestamp: this.#any(),
        severityNumber: this.#any(),
        exception: this.#any(),
      }),
    );
  }

  call(): void {
    const choice = this.#random.int(10);
    if (choice < 7) this.#onSpan();
    else if (choice < 9) this.#onInstrument();
    else this.#onLogger();
  }
}

describe('hostile calls on spans, instruments and loggers', () => {
  const seeds = Array.from({ length: Math.ceil(CALLS / SHARE) }, (_, index) => SEED + index);

  it.each(seeds)(`throw nothing into the app: ${SHARE} calls of seed %d`, (seed) => {
    const caller = new Caller(new Random(seed));
    for (let call = 0; call < SHARE; call++) {
      try {
        caller.call();
      } catch (error) {
        throw new Error(`call ${call} of seed ${seed} threw`, { cause: error });
      }
    }
    expect(caller.ended).toBeGreaterThan(SHARE / 50);
    // Each span can be sent, whatever was done to it.
    expect(caller.written).toBe(caller.ended);
  });
});
