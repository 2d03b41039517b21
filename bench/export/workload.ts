import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Tracer } from '@opentelemetry/api';
import { NestlensTracerProvider } from '../../libs/otel/dist/tracer/nestlens-tracer-provider.js';

/** Number of different spans. It is so large that caches no longer hold a value when it comes again. */
const DISTINCT = 6000;

export const resource = resourceFromAttributes({
  'service.name': 'bench',
  'service.version': '1.0.0',
  'service.instance.id': '627cc493-f310-47de-96bd-71410b7dec09',
  'deployment.environment.name': 'bench',
});

export type Bag = Readonly<Record<string, string>>;

/**
 * The load of the specification's performance benchmark: ten attributes with keys and values of 20 characters.
 * The first `fresh` values of each span are new, like ids; the others are constant, like routes and methods.
 */
export const bagsOf = (fresh: number): readonly Bag[] =>
  Array.from({ length: DISTINCT }, (_, bag) =>
    Object.fromEntries(
      Array.from({ length: 10 }, (_none, index) => [
        `attribute.key.no.${100 + index}`,
        index < fresh ? freshValue(bag * 10 + index) : `constant.value.no.0${index}`,
      ]),
    ),
  );

/** A flat string of digits that do not compress well. */
const freshValue = (seed: number): string => {
  const one = (Math.imul(seed + 1, 0x9e37_79b1) >>> 0).toString(16).padStart(8, '0');
  const other = (Math.imul(seed + 7, 0x85eb_ca6b) >>> 0).toString(16).padStart(8, '0');
  return Buffer.from(`id-${one}-${other}`).toString('latin1');
};

/** The stock tracer, or our own. */
export const tracerOn = (processor: SpanProcessor, isOwn = false): Tracer =>
  new (isOwn ? NestlensTracerProvider : TracerProvider)({
    resource,
    spanProcessors: [processor],
  }).getTracer('bench', '1.0.0');

export const startAndEnd = (tracer: Tracer, attributes: Bag): void =>
  tracer.startSpan('GET /orders/:id', { kind: 1, attributes }).end();

/** Returns ended spans, made by the stock tracer. */
export function readySpans(fresh: number): readonly ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const tracer = tracerOn({
    onStart: () => {},
    onEnd: (span) => void spans.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  });
  for (const bag of bagsOf(fresh)) startAndEnd(tracer, bag);
  return spans;
}
