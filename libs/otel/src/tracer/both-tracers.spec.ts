import type { TracerProvider } from '@opentelemetry/api';
import { TracerProvider as SdkTracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, TracerProviderOptions } from '@opentelemetry/sdk-trace';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { FlatSpanProcessor } from '@nestlens/otlp';
import { seededRandom } from '@nestlens/testing';
import { decodeExportRequest } from '@nestlens/otlp/wire';
import { createSpanEncoder } from '../../../otlp/src/encode/item-encoder.js';
import { attributeBlock } from './attribute-block.js';
import type { AttributeBlock } from './attribute-block.js';
import { runProgram } from './fixtures/span-program.js';
import { NestlensTracerProvider } from './nestlens-tracer-provider.js';

const PROGRAMS = Math.ceil(Number(process.env['NESTLENS_FUZZ'] ?? 8000) / 20);
const SEED = Number(process.env['NESTLENS_FUZZ_SEED'] ?? 1);
const TARGET_BYTES = 262_144;

const resource = resourceFromAttributes({ 'service.name': 'both' });
const blocks = [
  attributeBlock({ 'http.route': '/orders/:id', a: 1, fresh: true }),
  attributeBlock({ 'nestjs.controller': 'OrdersController', 'nestjs.callback': 'find' }),
  attributeBlock({ list: ['x', 'y'], b: 'a longer text' }),
  attributeBlock({}),
];

type Create = (options: TracerProviderOptions) => TracerProvider;

const sdk: Create = (options) => new SdkTracerProvider(options);
const own: Create = (options) => new NestlensTracerProvider(options);

/** The options of a program, the same for the same seed. */
const optionsOf = (seed: number): TracerProviderOptions => {
  const random = seededRandom(seed * 7919);
  const of = (...choices: readonly number[]): number =>
    choices[Math.floor(random() * choices.length)] ?? 128;
  let [traces, spans] = [0, 0];
  return {
    resource,
    spanLimits: {
      attributeCountLimit: of(128, 128, 40, 5, 0),
      attributeValueLengthLimit: of(Infinity, 4096, 20),
      eventCountLimit: of(128, 2, 0),
      linkCountLimit: of(128, 2, 0),
      attributePerEventCountLimit: of(128, 1),
      attributePerLinkCountLimit: of(128, 1),
    },
    idGenerator: {
      generateTraceId: () => (++traces).toString(16).padStart(32, '0'),
      generateSpanId: () => (++spans).toString(16).padStart(16, '0'),
    },
  };
};

const encoder = () => {
  const target = new Uint8Array(TARGET_BYTES);
  const encode = createSpanEncoder();
  return (span: ReadableSpan): Buffer => {
    encode.open(target, 0);
    if (encode.append(span) !== 'written') throw new Error('not written');
    return Buffer.from(target.slice(0, encode.close()));
  };
};

const decoded = (bytes: Buffer) => decodeExportRequest('traces', bytes).groups;

/** All that can be read of a span, in the order of its keys. */
const fieldsOf = (span: ReadableSpan) => ({
  name: span.name,
  kind: span.kind,
  context: span.spanContext(),
  parent: span.parentSpanContext,
  times: [span.startTime, span.endTime, span.duration],
  status: span.status,
  attributes: Object.entries(span.attributes),
  events: span.events,
  links: span.links,
  ended: span.ended,
  dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
});

interface Changed {
  readonly idGenerator?: 'own';
  readonly used?: readonly AttributeBlock[];
  /** How its processor reads spans: as the encoder, or as the processors of others. */
  readonly reads?: 'flat' | 'any';
}

const NO_BLOCKS: Changed = { used: [attributeBlock({})] };

const runOn = (
  create: Create,
  seed: number,
  onEnd: (span: ReadableSpan) => void,
  { idGenerator, used = blocks, reads = 'flat' }: Changed = {},
): void => {
  const processor: FlatSpanProcessor = {
    ...(reads === 'flat' && { readsFlat: true }),
    onStart: () => {},
    onEnd,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const options = { ...optionsOf(seed), spanProcessors: [processor] };
  if (idGenerator === 'own') delete options.idGenerator;
  runProgram(create(options).getTracer('both', '1'), seededRandom(seed), used);
};

const seeds = Array.from({ length: PROGRAMS }, (_, index) => SEED + index);

describe('random programs of calls', () => {
  it('leave the same spans on both tracers', () => {
    let spans = 0;
    for (const seed of seeds) {
      const theirs: ReturnType<typeof fieldsOf>[] = [];
      const ours: ReturnType<typeof fieldsOf>[] = [];
      runOn(sdk, seed, (span) => void theirs.push(fieldsOf(span)));
      runOn(own, seed, (span) => void ours.push(fieldsOf(span)));
      const open: ReturnType<typeof fieldsOf>[] = [];
      runOn(own, seed, (span) => void open.push(fieldsOf(span)), { reads: 'any' });
      expect({ seed, spans: ours }).toEqual({ seed, spans: theirs });
      expect({ seed, spans: open }).toEqual({ seed, spans: theirs });
      spans += ours.length;
    }
    expect(spans).toBeGreaterThan(PROGRAMS);
  });

  it('leave the same bytes of both, and of blocks the same attributes', () => {
    for (const seed of seeds) {
      const [encodeTheirs, encodeOurs] = [encoder(), encoder()];
      const theirs: string[] = [];
      const ours: string[] = [];
      runOn(
        sdk,
        seed,
        (span) => void theirs.push(encodeTheirs(span).toString('latin1')),
        NO_BLOCKS,
      );
      runOn(own, seed, (span) => void ours.push(encodeOurs(span).toString('latin1')), NO_BLOCKS);
      expect({ seed, spans: ours }).toEqual({ seed, spans: theirs });
      const decodedTheirs: unknown[] = [];
      const decodedOurs: unknown[] = [];
      runOn(sdk, seed, (span) => void decodedTheirs.push(decoded(encodeTheirs(span))));
      runOn(own, seed, (span) => void decodedOurs.push(decoded(encodeOurs(span))));
      expect({ seed, spans: decodedOurs }).toEqual({ seed, spans: decodedTheirs });
    }
  });

  it('leave the same bytes of a span as it is and of an object that stands for it', () => {
    const [encode, encodeAnother] = [encoder(), encoder()];
    for (const seed of seeds) {
      runOn(
        own,
        seed,
        (span) => {
          const flat = encode(span).toString('latin1');
          const other = encodeAnother(Object.create(span) as ReadableSpan).toString('latin1');
          expect({ seed, flat }).toEqual({ seed, flat: other });
          // Objects have been made of it by now, which count.
          expect(encode(span).toString('latin1')).toBe(flat);
        },
        { idGenerator: 'own' },
      );
    }
  });
});
