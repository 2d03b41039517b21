import type {
  AggregationOption,
  InstrumentType,
  MetricDescriptor,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import type { InstrumentationScope } from '@opentelemetry/core';

/** Names of instruments may contain a `*`, as in the SDK. */
const SPECIAL = /[\^$\\.+?()[\]{}|]/g;
/** Buckets of an exponential histogram for each sign. Source: metrics SDK, exponential histogram, MaxSize. */
const MAX_SIZE = 160;

/** The instrument of a metric: the SDK's descriptors contain its kind, although their type does not. */
export interface Instrument extends Pick<MetricDescriptor, 'name' | 'unit'> {
  readonly type?: `${InstrumentType}`;
}

type Scope = Pick<InstrumentationScope, 'name' | 'version' | 'schemaUrl'>;

/** The views that shape the measurements of `instrument`. */
export function viewsOf(
  views: readonly ViewOptions[],
  scope: Scope,
  instrument: Instrument,
): ViewOptions[] {
  return views.filter((view) => selects(view, scope, instrument, view.instrumentName));
}

/** The first view that may have made the metric: the SDK keeps one stream for views that agree. */
export function viewBehind(
  views: readonly ViewOptions[],
  scope: Scope,
  metric: Instrument,
): ViewOptions | undefined {
  return views.find((view) => selects(view, scope, metric, view.name ?? view.instrumentName));
}

function selects(
  view: ViewOptions,
  scope: Scope,
  { name, unit, type }: Instrument,
  pattern = '*',
): boolean {
  return (
    agrees(view.instrumentType, type) &&
    agrees(view.instrumentUnit, unit) &&
    agrees(view.meterName, scope.name) &&
    agrees(view.meterVersion, scope.version) &&
    agrees(view.meterSchemaUrl, scope.schemaUrl) &&
    new RegExp(`^${pattern.replaceAll(SPECIAL, '\\$&').replace('*', '.*')}$`).test(name)
  );
}

function agrees(wanted: string | undefined, found: string | undefined): boolean {
  return wanted === undefined || found === undefined || wanted === found;
}

/** The most points of the metric: its view's limit, else the reader's. */
export function limitOf(view: ViewOptions | undefined, fallback: number): number {
  return Math.max(1, view?.aggregationCardinalityLimit ?? fallback);
}

export function maxSizeOf(view: ViewOptions | undefined, chosen: AggregationOption): number {
  const { options } = (view?.aggregation ?? chosen) as { options?: { maxSize?: number } };
  return Math.max(2, options?.maxSize ?? MAX_SIZE);
}
