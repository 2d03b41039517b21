import { readSlot } from './api-global.js';
import type { ApiSlot } from './api-global.js';

/** The owner of a part of the API. `name`: its class, and the SDK and version that its resource names. */
export type SlotOwner =
  | { readonly kind: 'ours' }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'other'; readonly name: string };

interface Held {
  readonly getDelegate?: () => Held | undefined;
  readonly resource?: HeldResource;
  readonly _resource?: HeldResource;
  readonly _sharedState?: { readonly resource?: HeldResource };
}

type HeldAttributes = Readonly<Record<string, unknown>>;

interface HeldResource {
  readonly attributes?: HeldAttributes;
  readonly asyncAttributesPending?: boolean;
  readonly _syncAttributes?: HeldAttributes;
  readonly getRawAttributes?: () => readonly (readonly [name: string, value: unknown])[];
}

/** Finds the owner of a part of the API now. `ours` is the object that this package registers there. Never throws. */
export const slotOwner = (slot: ApiSlot, ours: unknown): SlotOwner => {
  const held = readSlot(slot);
  if (held === undefined || held === null) return { kind: 'nobody' };
  return held === ours ? { kind: 'ours' } : { kind: 'other', name: ownerName(held) };
};

/** The class of the registered object, and the SDK and version that its resource names. Never throws. */
export const ownerName = (held: unknown): string => {
  try {
    return nameOf(held as Held) || 'unknown';
  } catch {
    return 'unknown';
  }
};

const nameOf = (held: Held): string => {
  // Copies of the API put a proxy around a tracer provider.
  const real = held.getDelegate?.() ?? held;
  // A bundler numbers classes of one name: `TracerProvider$1` in the SDK 3.1.
  const name = real.constructor.name.replace(/\$\d+$/, '');
  const sdk = sdkOf(real);
  if (sdk === undefined) return name;
  return name === '' || name === 'Object' ? sdk : `${name} (${sdk})`;
};

/** While detectors of a resource run, who reads its `attributes` makes the SDK log an error. [1.30, 2.12 and 3.1] */
const attributesOf = (resource: HeldResource | undefined): HeldAttributes => {
  if (resource?.asyncAttributesPending !== true) return resource?.attributes ?? {};
  return resource._syncAttributes ?? Object.fromEntries(resource.getRawAttributes?.() ?? []);
};

/** Each major version of the SDK keeps its resource in a place of its own. [measured: SDK 1.30, 2.12 and 3.1] */
const sdkOf = (held: Held): string | undefined => {
  const attributes = attributesOf(held.resource ?? held._resource ?? held._sharedState?.resource);
  if (attributes['service.namespace'] === 'sentry') {
    return ['@sentry/opentelemetry', attributes['service.version']].filter(Boolean).join(' ');
  }
  const sdk = attributes['telemetry.sdk.name'];
  if (typeof sdk !== 'string') return undefined;
  return [sdk, attributes['telemetry.sdk.version']].filter(Boolean).join(' ');
};
