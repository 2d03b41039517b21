import type { TextMapGetter } from '@opentelemetry/api';
import type { HeaderCarrier } from '../propagation/client-headers.js';
import type { GrpcMetadata, GrpcMetadataValue } from './grpc-js.js';
import { warnOfFault } from '../faults/fault-log.js';

const isText = (value: GrpcMetadataValue): value is string => typeof value === 'string';

/**
 * Reads trace context from gRPC metadata. Repeated values are joined as HTTP joins header lines: right for
 * `tracestate` and `baggage`, and an invalid `traceparent`, which starts a new trace as W3C asks.
 * Binary values are no context.
 */
export const metadataGetter: TextMapGetter<GrpcMetadata> = {
  keys: (metadata) => Object.keys(metadata.getMap()),
  get: (metadata, key) => {
    const values = metadata.get(key);
    const [first] = values;
    if (values.length === 1 && first !== undefined) return isText(first) ? first : undefined;
    const texts = values.filter(isText);
    return texts.length === 0 ? undefined : texts.join(',');
  },
};

/** The metadata of an outgoing call. A value that it refuses is left out; the others still travel. */
export const metadataHeaders = (metadata: GrpcMetadata): HeaderCarrier => ({
  get: (key) => {
    const values = metadata.get(key);
    return values.length === 0 ? undefined : values.map(String).join(',');
  },
  set: (key, value) => {
    try {
      metadata.set(key, value);
    } catch (error) {
      warnOfFault('gRPC: a value could not be put into metadata', error);
    }
  },
  remove: (key) => metadata.remove(key),
});

/** Headers of an HTTP/2 request that no gRPC handler got. */
export type Http2Headers = Readonly<Record<string, string | string[] | undefined>>;

export const headersGetter: TextMapGetter<Http2Headers> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => {
    const value = headers[key];
    return Array.isArray(value) ? value.join(',') : value;
  },
};

/** The values of one key as an attribute; binary values as base64 (semconv rpc). */
export const metadataAttribute = (metadata: GrpcMetadata, key: string): string[] | undefined => {
  const values = metadata.get(key);
  if (values.length === 0) return undefined;
  return values.map((value) => (isText(value) ? value : Buffer.from(value).toString('base64')));
};
