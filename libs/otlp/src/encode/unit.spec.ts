import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { decodeExportRequest } from '../wire/export-request.js';
import { Random } from './fixtures/random.js';
import { randomSpan } from './fixtures/random-items.js';
import { createSpanEncoder } from './item-encoder.js';

const base = randomSpan(new Random(1));
const resource = resourceFromAttributes({ 'service.name': 'shop' });

function spanOf(name: string, scope: string, bytes = 0): ReadableSpan {
  const attributes =
    bytes > 0 ? { filler: Array.from({ length: bytes / 100 }, () => 'x'.repeat(96)) } : {};
  return { ...base, name, resource, instrumentationScope: scopeOf(scope), attributes };
}

const scopes = new Map<string, { name: string }>();
function scopeOf(name: string): { name: string } {
  const scope = scopes.get(name) ?? { name };
  scopes.set(name, scope);
  return scope;
}

function names(bytes: Uint8Array): string[][] {
  const { groups } = decodeExportRequest('traces', bytes);
  return groups.map((group) =>
    group.scopes.flatMap((run) => run.items.map((item) => `${run.scope.name}:${item.name}`)),
  );
}

describe('a unit', () => {
  it('is empty until the first item', () => {
    const encoder = createSpanEncoder();
    encoder.open(new Uint8Array(100), 10);
    expect(encoder.close()).toBe(10);
  });

  it('holds the scopes in order, in shared memory at an offset', () => {
    const encoder = createSpanEncoder();
    const target = new Uint8Array(new SharedArrayBuffer(65_536), 64);
    encoder.open(target, 16);
    for (const name of ['a:1', 'a:2', 'b:3', 'a:4']) {
      expect(encoder.append(spanOf(name.slice(2), name.slice(0, 1)))).toBe('written');
    }
    const end = encoder.close();
    expect(names(target.slice(16, end))).toEqual([['a:1', 'a:2', 'b:3', 'a:4']]);
    expect(target.slice(0, 16)).toEqual(new Uint8Array(16));
    expect(target.slice(end + 8).every((byte) => byte === 0)).toBe(true);
  });

  it('can be completed before it grows further', () => {
    const encoder = createSpanEncoder();
    const target = new Uint8Array(65_536);
    encoder.open(target, 0);
    encoder.append(spanOf('1', 'a'));
    const first = target.slice(0, encoder.close());
    encoder.append(spanOf('2', 'b'));
    expect(names(target.subarray(0, encoder.close()))).toEqual([['a:1', 'b:2']]);
    expect(names(first)).toEqual([['a:1']]);
  });

  it('may hold several resources', () => {
    const encoder = createSpanEncoder();
    const target = new Uint8Array(65_536);
    encoder.open(target, 0);
    encoder.append(spanOf('1', 'a'));
    encoder.append({ ...spanOf('2', 'a'), resource: resourceFromAttributes({}) });
    expect(names(target.subarray(0, encoder.close()))).toEqual([['a:1'], ['a:2']]);
  });

  it('has the known attributes of a resource, and all of them once they are detected', async () => {
    let settle: (value: string) => void = () => {};
    const pending = resourceFromAttributes({
      now: 1,
      later: new Promise<string>((done) => (settle = done)),
    });
    const encoder = createSpanEncoder();
    function write(): unknown {
      const alone = encoder.alone({ ...spanOf('1', 'a'), resource: pending }) as Uint8Array;
      return { ...decodeExportRequest('traces', alone).groups.at(0)!.resource.attributes };
    }
    expect(write()).toEqual({ now: 1 });
    settle('here');
    await pending.waitForAsyncAttributes?.();
    expect(write()).toEqual({ now: 1, later: 'here' });
  });

  it('does not change if an item does not fit, at any size', () => {
    const first = spanOf('1', 'a');
    const second = spanOf('2', 'b');
    const whole = createSpanEncoder();
    whole.open(new Uint8Array(65_536), 0);
    whole.append(first);
    const one = whole.end;
    whole.append(second);
    const encoder = createSpanEncoder();
    for (let size = one; size < whole.end; size++) {
      const target = new Uint8Array(size);
      encoder.open(target, 0);
      if (encoder.append(first) === 'full') continue;
      const { end } = encoder;
      expect(encoder.append(second)).toBe('full');
      expect(encoder.end).toBe(end);
      expect(names(target.subarray(0, encoder.close()))).toEqual([['a:1']]);
    }
  });

  it('has no room for a large item, which is encoded alone', () => {
    const encoder = createSpanEncoder({ itemBytes: 4_194_304, compositeBytes: 4_194_304 });
    const target = new Uint8Array(65_536);
    encoder.open(target, 0);
    encoder.append(spanOf('1', 'a'));
    const large = spanOf('large', 'a', 3_000_000);
    expect(encoder.append(large)).toBe('full');
    const alone = encoder.alone(large) as Uint8Array;
    expect(alone.length).toBeGreaterThan(3_000_000);
    expect(names(alone)).toEqual([['a:large']]);
    encoder.append(spanOf('2', 'a'));
    expect(names(target.subarray(0, encoder.close()))).toEqual([['a:1', 'a:2']]);
  });

  it('truncates an item that is larger than 4 MiB', () => {
    const encoder = createSpanEncoder({ itemBytes: Infinity, compositeBytes: Infinity });
    const alone = encoder.alone(spanOf('huge', 'a', 9_000_000)) as Uint8Array;
    expect(alone.length).toBeLessThan(4_194_304 + 1000);
    expect(alone.length).toBeGreaterThan(4_000_000);
    expect(names(alone)).toEqual([['a:huge']]);
  });
});
