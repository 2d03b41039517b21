import type { ReceivedMetric, ReceivedSpan } from '@nestlens/testing';

type Attributes = Readonly<Record<string, unknown>>;

/** Requests and their total seconds, by the attributes that distinguish them. */
export type Red = Readonly<Record<string, { count: number; seconds: number }>>;

const HTTP_KEYS = ['http.request.method', 'http.route', 'http.response.status_code', 'error.type'];
const RPC_KEYS = ['rpc.method', 'rpc.status_code', 'error.type'];

/** The spans that a metric of durations counts, and the attributes that it groups them by. */
export const DURATIONS = [
  { metric: 'http.server.request.duration', kind: 2, keys: HTTP_KEYS },
  { metric: 'rpc.server.call.duration', kind: 2, keys: RPC_KEYS },
  { metric: 'rpc.client.call.duration', kind: 3, keys: RPC_KEYS },
] as const;

const plain = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '-';

const keyOf = (attributes: Attributes, keys: readonly string[]): string =>
  keys.map((key) => plain(attributes[key])).join(' ');

const serviceOf = ({ resource }: Pick<ReceivedSpan, 'resource'>): unknown =>
  resource.attributes['service.name'];

/** Returns the latest points of a metric. */
function lastPoints(metrics: readonly ReceivedMetric[], service: string, name: string) {
  const last = metrics.findLast((metric) => metric.name === name && serviceOf(metric) === service);
  return last?.data;
}

/** Returns rate, errors and duration from the histogram of a service. */
export function redOfMetric(
  metrics: readonly ReceivedMetric[],
  service: string,
  { metric, keys }: (typeof DURATIONS)[number],
): Red {
  const data = lastPoints(metrics, service, metric);
  if (data?.kind !== 'histogram') return {};
  return Object.fromEntries(
    data.points.map((point) => [
      keyOf(point.attributes, keys),
      { count: Number(point.count), seconds: point.sum ?? 0 },
    ]),
  );
}

/** Returns rate, errors and duration from the spans of a service. */
export function redOfSpans(
  spans: readonly ReceivedSpan[],
  service: string,
  { kind, keys }: (typeof DURATIONS)[number],
): Red {
  const [first = ''] = keys;
  const red: Record<string, { count: number; seconds: number }> = {};
  for (const span of spans) {
    if (serviceOf(span) !== service || span.kind !== kind) continue;
    if (span.attributes[first] === undefined) continue;
    const entry = (red[keyOf(span.attributes, keys)] ??= { count: 0, seconds: 0 });
    entry.count += 1;
    entry.seconds += Number(span.endTime - span.startTime) / 1e9;
  }
  return red;
}

/** Returns the value of a counter of a service, summed over its attribute sets. */
export function counted(metrics: readonly ReceivedMetric[], service: string, name: string): number {
  const data = lastPoints(metrics, service, name);
  if (data?.kind !== 'sum') return 0;
  return data.points.reduce((sum, point) => sum + Number(point.value), 0);
}
