import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { decodeExportRequest } from '../wire/export-request.js';
import type { Span } from '../wire/model.js';
import { createSpanEncoder } from './item-encoder.js';
import { DEFAULT_ENCODE_LIMITS, encodeLimits } from './limits.js';
import type { EncodeLimits } from './limits.js';

const resource = resourceFromAttributes({ 'service.name': 'shop' });
const scope = { name: 'scope' };
const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 };
const span: ReadableSpan = {
  name: 'span',
  kind: 0,
  spanContext: () => context,
  startTime: [1, 0],
  endTime: [2, 0],
  status: { code: 2, message: 'm' },
  attributes: {},
  links: [],
  events: [],
  duration: [1, 0],
  ended: true,
  resource,
  instrumentationScope: scope,
  droppedAttributesCount: 1,
  droppedEventsCount: 2,
  droppedLinksCount: 3,
};

function write(given: Partial<ReadableSpan>, limits?: Partial<EncodeLimits>) {
  const encoder = createSpanEncoder(limits);
  const target = new Uint8Array(262_144);
  encoder.open(target, 0);
  expect(encoder.append({ ...span, ...given })).toBe('written');
  const bytes = target.subarray(0, encoder.close());
  const written: Span = decodeExportRequest('traces', bytes)
    .groups.at(0)!
    .scopes.at(0)!
    .items.at(0)!;
  return { written, bytes: bytes.length, losses: encoder.losses };
}

function many(count: number, value: unknown): Record<string, never> {
  const entries = Array.from({ length: count }, (_, index) => [`key.${index}`, value]);
  return Object.fromEntries(entries) as Record<string, never>;
}

describe('limits', () => {
  it('are moved into their valid ranges', () => {
    expect(encodeLimits()).toEqual(DEFAULT_ENCODE_LIMITS);
    const odd = { itemBytes: 1, depth: Infinity, attributes: -1, valueLength: 10.7 };
    expect(encodeLimits(odd)).toMatchObject({
      itemBytes: 4096,
      depth: 32,
      attributes: 0,
      valueLength: 10,
    });
    expect(encodeLimits({ itemBytes: Number.NaN }).itemBytes).toBe(4_194_304);
  });

  it('keep the first 128 attributes, and count the others', () => {
    const { written, losses } = write({ attributes: many(10_000, 'v') });
    expect(Object.keys(written.attributes)).toHaveLength(128);
    expect(written.droppedAttributesCount).toBe(1 + 9872);
    expect(losses.attributes).toBe(9872);
  });

  it('truncate text between code points', () => {
    const attributes = {
      a: `${'x'.repeat(4095)}😀`,
      b: `${'x'.repeat(4094)}😀z`,
      c: '😀'.repeat(3000),
    };
    const { written, losses } = write({ attributes });
    expect(written.attributes['a']).toBe('x'.repeat(4095));
    expect(written.attributes['b']).toBe(`${'x'.repeat(4094)}😀`);
    expect(written.attributes['c']).toBe('😀'.repeat(2048));
    expect(losses.values).toBe(3);
  });

  it('truncate any text above the limit, also in lists', () => {
    const { written } = write({ attributes: { a: 'abcdef', b: ['abcdef'] } }, { valueLength: 3 });
    expect({ ...written.attributes }).toEqual({ a: 'abc', b: ['abc'] });
  });

  it('keep the last events and links, and count the others', () => {
    const events = Array.from({ length: 10_000 }, (_, index) => ({
      name: `event ${index}`,
      time: span.startTime,
      attributes: many(200, 1),
    }));
    const links = Array.from({ length: 10_000 }, () => ({ context }));
    const { written } = write({ events, links }, { events: 3, links: 4 });
    expect(written.events.map((event) => event.name)).toEqual([
      'event 9997',
      'event 9998',
      'event 9999',
    ]);
    expect(written.events.at(0)!.droppedAttributesCount).toBe(72);
    expect(written.droppedEventsCount).toBe(2 + 9997);
    expect(written.links).toHaveLength(4);
    expect(written.droppedLinksCount).toBe(3 + 9996);
  });

  it('bound the size of a whole span, and keep its name and status', () => {
    const text = '字'.repeat(4096);
    const event = { name: text, time: span.startTime, attributes: many(3, text) };
    const { written, bytes, losses } = write({
      name: text,
      status: { code: 2, message: text },
      attributes: many(128, text),
      events: [event, event],
      links: [{ context, attributes: many(3, text) }],
    });
    expect(bytes).toBeLessThan(65_536 + 100);
    const kept = Object.keys(written.attributes).length;
    expect(kept).toBeGreaterThan(1);
    expect(written.droppedAttributesCount).toBe(1 + 128 - kept);
    expect(written.droppedEventsCount).toBe(2 + 2 - written.events.length);
    expect(written.name).toBe(text);
    expect(written.status.message).toBe(text);
    expect(losses.attributes).toBeGreaterThan(0);
  });

  it('keep a valid span even at the smallest size', () => {
    const text = '字'.repeat(4096);
    const state = { serialize: () => text } as never;
    function spanContext() {
      return { ...context, traceState: state };
    }
    const given = {
      name: text,
      spanContext,
      status: { code: 2, message: text },
      attributes: many(9, text),
    };
    const { written, bytes } = write(given, { itemBytes: 1 });
    expect(bytes).toBeLessThan(4096 + 100);
    expect(written.name).toBe('字'.repeat(256));
    expect(written.droppedAttributesCount).toBe(10);
  });

  it('may be infinite, and then nothing is truncated', () => {
    const encoder = createSpanEncoder({ itemBytes: Infinity, valueLength: Infinity });
    const text = '字'.repeat(200_000);
    const given = { ...span, name: text, status: { code: 2, message: text }, attributes: { text } };
    const bytes = encoder.alone(given) as Uint8Array;
    const written = decodeExportRequest('traces', bytes).groups.at(0)!.scopes.at(0)!.items.at(0)!;
    expect([written.name, written.status.message, written.attributes['text']]).toEqual([
      text,
      text,
      text,
    ]);
    expect(encoder.losses.values).toBe(0);
  });
});
