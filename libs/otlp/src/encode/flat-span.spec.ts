import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { decodeExportRequest } from '../wire/export-request.js';
import { AttributeBlock, bitOf } from './attribute-block.js';
import { Random } from './fixtures/random.js';
import { randomSpan } from './fixtures/random-items.js';
import { FLAT, flatOf } from './flat-span.js';
import type { FlatSpan } from './flat-span.js';
import { createSpanEncoder } from './item-encoder.js';
import type { EncodeLimits } from './limits.js';
import { SpanIdentity, TraceId } from './span-identity.js';

interface Lists {
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}

/** A flat span with the fields of `span`, and its attributes in lists. */
function flatten(span: ReadableSpan, lists?: Lists): FlatSpan {
  const parent = span.parentSpanContext;
  const flat = {
    ...span,
    identity: SpanIdentity.ofContext(span.spanContext()),
    parentIdentity: parent && SpanIdentity.ofContext(parent),
    flatAttributes: {
      keys: Object.keys(span.attributes),
      values: Object.values(span.attributes),
      ...lists,
      object: undefined as Attributes | undefined,
    },
    startSeconds: span.startTime[0],
    startNanos: span.startTime[1],
    endSeconds: span.endTime[0],
    endNanos: span.endTime[1],
    shownStart: undefined,
    shownEnd: undefined,
    ownEvents: span.events,
    ownLinks: span.links,
    [FLAT]: undefined as FlatSpan | undefined,
  };
  return Object.assign(flat, { [FLAT]: flat });
}

function encoding(limits?: Partial<EncodeLimits>): (span: ReadableSpan) => Buffer {
  const encoder = createSpanEncoder(limits);
  const target = new Uint8Array(1_048_576);
  return (span) => {
    encoder.open(target, 0);
    expect(encoder.append(span)).toBe('written');
    return Buffer.from(target.slice(0, encoder.close()));
  };
}

function spanIn(bytes: Buffer) {
  const [group] = decodeExportRequest('traces', bytes).groups;
  return group?.scopes[0]?.items[0];
}

const some = randomSpan(new Random(7));

describe('a flat span', () => {
  it('is written as any span with the same fields', () => {
    const [encode, encodeFlat] = [encoding(), encoding()];
    const random = new Random(1);
    for (let count = 0; count < 500; count++) {
      const span = randomSpan(random);
      expect(encodeFlat(flatten(span)).equals(encode(span))).toBe(true);
    }
  });

  it('is cut at the budget and the limits as any span', () => {
    const limits = { itemBytes: 4096, attributes: 50, valueLength: 100 };
    const [encode, encodeFlat] = [encoding(limits), encoding(limits)];
    function values(size: number): Attributes {
      return Object.fromEntries(
        Array.from({ length: 80 }, (_, at) => [`key ${at}`, 'x'.repeat(size)]),
      );
    }
    for (const size of [1, 30, 90, 400]) {
      const span = { ...some, attributes: values(size) };
      expect(encodeFlat(flatten(span)).equals(encode(span))).toBe(true);
    }
  });

  it('has IDs in words, and is written as with their texts', () => {
    const identity = SpanIdentity.ofWords(
      TraceId.ofWords(-1, 1, 0x7fff_ffff, 0x0a0b_0c0d),
      -2,
      3,
      1,
      0,
      undefined,
    );
    expect(identity.trace.text).toBe('ffffffff000000017fffffff0a0b0c0d');
    expect(identity.text).toBe('fffffffe00000003');
    const flat = Object.assign(flatten(some), { identity, parentIdentity: identity });
    const context = identity.context();
    const whole = { ...some, spanContext: () => context, parentSpanContext: context };
    expect(encoding()(flat).equals(encoding()(whole))).toBe(true);
  });

  it('is what its context says, once that was handed out and changed', () => {
    const trace = TraceId.ofWords(1, 2, 3, 4);
    const identity = SpanIdentity.ofWords(trace, 5, 6, 1, 0, undefined);
    expect(identity.context()).toBe(identity.context());
    Object.assign(identity.context(), { traceId: 'ab'.repeat(16), traceFlags: 0 });
    expect([identity.isChanged, identity.flags]).toEqual([true, 0]);
    const flat = Object.assign(flatten(some), { identity });
    expect(spanIn(encoding()(flat))).toMatchObject({ traceId: 'ab'.repeat(16) });
  });

  it('is read by its properties where an object stands for it', () => {
    const flat = flatten({ ...some, attributes: { secret: 'x' } });
    const redacted = { attributes: { value: { redacted: true } } };
    const heir = Object.create(flat, redacted) as ReadableSpan;
    const proxy = new Proxy<ReadableSpan>(flat, {
      get: (target, name, receiver) =>
        name === 'attributes'
          ? { redacted: true }
          : (Reflect.get(target, name, receiver) as unknown),
    });
    const copy = { ...flat, attributes: { redacted: true } };
    expect(flatOf(flat)).toBe(flat);
    for (const each of [heir, proxy, copy]) {
      expect(flatOf(each)).toBeUndefined();
      expect(encoding()(each).toString('latin1')).not.toContain('secret');
    }
  });
});

describe('a block of attributes', () => {
  const block = new AttributeBlock({ route: '/orders/:id', count: 3, fresh: true });
  function lists(inner: AttributeBlock): Lists {
    return { keys: ['before', '', 'after'], values: [1, inner, 2] };
  }
  const attributes = { before: 1, ...block.attributes, after: 2 };

  it('is written in its place, the first time and from its bytes', () => {
    const [encode, encodeFlat] = [encoding(), encoding()];
    for (let time = 0; time < 5; time++) {
      const flat = encodeFlat(flatten(some, lists(block)));
      expect(flat.equals(encode({ ...some, attributes }))).toBe(true);
    }
    expect(block.encoded?.length).toBeGreaterThan(20);
  });

  it('is cut where the limits are lower than it needs', () => {
    for (const limits of [{ attributes: 2 }, { valueLength: 4 }]) {
      const [encode, encodeFlat] = [encoding(limits), encoding(limits)];
      const flat = encodeFlat(flatten(some, lists(block)));
      expect(flat.equals(encode({ ...some, attributes }))).toBe(true);
    }
  });

  it('keeps no bytes of values whose form depends on limits', () => {
    const listed = new AttributeBlock({ list: ['a', 'b'] });
    const encode = encoding();
    for (let time = 0; time < 5; time++) encode(flatten(some, lists(listed)));
    expect(listed.encoded).toBeUndefined();
  });

  it('tells keys apart by their bits, as far as bits can', () => {
    expect(block.bits).toBe(bitOf('route') | bitOf('count') | bitOf('fresh'));
    expect(block.keys).toEqual(['route', 'count', 'fresh']);
  });
});
