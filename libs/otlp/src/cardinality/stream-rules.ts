import type {
  AggregationOption,
  InstrumentType,
  MetricDescriptor,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import type { InstrumentationScope } from '@opentelemetry/core';

/** Names of instruments may hold a `*`, as the SDK reads it. */
const SPECIAL = /[\^$\\.+?()[\]{}|]/g;
/** Buckets of an exponential histogram for each sign. Source: metrics SDK, exponential histogram, MaxSize. */
const MAX_SIZE = 160;

/** What a metric comes from: the SDK's descriptors tell the kind of instrument, though their type does not. */
export interface Instrument extends Pick<MetricDescriptor, 'name' | 'unit'> {
  readonly type?: `${InstrumentType}`;
}

type Scope = Pick<InstrumentationScope, 'name' | 'version' | 'schemaUrl'>;

/** The views that shape what `instrument` records. */
export const viewsOf = (
  views: readonly ViewOptions[],
  scope: Scope,
  instrument: Instrument,
): ViewOptions[] => views.filter((view) => selects(view, scope, instrument, view.instrumentName));

/** The first view that can have made the metric: the SDK keeps one stream for views that agree. */
export const viewBehind = (
  views: readonly ViewOptions[],
  scope: Scope,
  metric: Instrument,
): ViewOptions | undefined =>
  views.find((view) => selects(view, scope, metric, view.name ?? view.instrumentName));

const selects = (
  view: ViewOptions,
  scope: Scope,
  { name, unit, type }: Instrument,
  pattern = '*',
): boolean =>
  agrees(view.instrumentType, type) &&
  agrees(view.instrumentUnit, unit) &&
  agrees(view.meterName, scope.name) &&
  agrees(view.meterVersion, scope.version) &&
  agrees(view.meterSchemaUrl, scope.schemaUrl) &&
  new RegExp(`^${pattern.replaceAll(SPECIAL, '\\$&').replace('*', '.*')}$`).test(name);

const agrees = (wanted: string | undefined, found: string | undefined): boolean =>
  wanted === undefined || found === undefined || wanted === found;

/** Points of the metric at most: what its view says, else what the reader says. */
export const limitOf = (view: ViewOptions | undefined, fallback: number): number =>
  Math.max(1, view?.aggregationCardinalityLimit ?? fallback);

export const maxSizeOf = (view: ViewOptions | undefined, chosen: AggregationOption): number => {
  const { options } = (view?.aggregation ?? chosen) as { options?: { maxSize?: number } };
  return Math.max(2, options?.maxSize ?? MAX_SIZE);
};
