import { leaveSlot, replaceSlot } from './api-global.js';
import { slotOwner } from './slot-owner.js';

const SDK = { 'telemetry.sdk.name': 'opentelemetry', 'telemetry.sdk.version': '9.9.9' };

class TheirTracerProvider {
  readonly isTheirs = true;
}
const providerWith = (part: object) => Object.assign(new TheirTracerProvider(), part);

/** A resource whose detectors still run. The SDKs log an error for each read of its `attributes`. */
const pending = (part: object): object =>
  Object.defineProperty({ asyncAttributesPending: true, ...part }, 'attributes', {
    get: () => {
      throw new Error('read before they were there');
    },
  });

describe('slotOwner', () => {
  let held: object;
  const ownerOf = (value: object, ours?: unknown) => {
    held = value;
    replaceSlot('trace', value);
    return slotOwner('trace', ours);
  };
  afterEach(() => leaveSlot('trace', held));

  it('distinguishes an empty slot, our own object and a foreign object', () => {
    expect(slotOwner('trace', {})).toEqual({ kind: 'nobody' });
    const ours = {};
    expect(ownerOf(ours, ours)).toEqual({ kind: 'ours' });
    expect(ownerOf(new TheirTracerProvider())).toEqual({
      kind: 'other',
      name: 'TheirTracerProvider',
    });
  });

  it.each<[string, object]>([
    ['1.30', { resource: { attributes: SDK } }],
    ['2.12', { _resource: { attributes: SDK } }],
    ['3.1', { _sharedState: { resource: { attributes: SDK } } }],
    ['1.30, while detectors run', { resource: pending({ _syncAttributes: SDK }) }],
    [
      '2.12, while detectors run',
      { _resource: pending({ getRawAttributes: () => Object.entries(SDK) }) },
    ],
  ])('names the SDK %s and its version', (_version, part) => {
    const name = 'TheirTracerProvider (opentelemetry 9.9.9)';
    expect(ownerOf(providerWith(part))).toEqual({ kind: 'other', name });
    expect(ownerOf({ getDelegate: () => providerWith(part) })).toEqual({ kind: 'other', name });
  });

  it('names Sentry by its resource, and a class without the suffix of a bundler', () => {
    const attributes = { 'service.namespace': 'sentry', 'service.version': '10.78.0' };
    expect(ownerOf({ _resource: { attributes } })).toMatchObject({
      name: '@sentry/opentelemetry 10.78.0',
    });
    const bundled = new (class TracerProvider$1 {
      readonly isTheirs = true;
    })();
    expect(ownerOf(bundled)).toMatchObject({ name: 'TracerProvider' });
  });

  it('does not throw for an object whose getters throw', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hostile');
        },
      },
    );
    expect(ownerOf(hostile)).toEqual({ kind: 'other', name: 'unknown' });
  });
});
