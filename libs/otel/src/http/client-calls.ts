import { SeverityNumber, SpanKind, SpanStatusCode, ValueType, trace } from '@opentelemetry/api';
import type { Attributes, Context, Histogram, HrTime, Span, Tracer } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
  METRIC_HTTP_CLIENT_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';
import { contexts } from '../context/contexts.js';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';
import { globalProviders } from '../late-bound/globals.js';
import { ownMeter, ownTracer } from '../late-bound/own-telemetry.js';
import { plainAddress } from './authority.js';
import { injectContext } from '../propagation/client-headers.js';
import type { HeaderCarrier } from '../propagation/client-headers.js';
import { ClientOrigins, fullUrl } from './client-target.js';
import { exceptionCode } from '../exceptions/exception.js';
import { exceptionType } from '../exceptions/exception-type.js';
import { failSpan, recordException } from '../exceptions/record-exception.js';
import type { ExceptionNote } from '../exceptions/record-exception.js';
import { ATTR_EXCEPTION_CODE } from '../exceptions/semconv.js';
import type { HttpSettings } from './http.settings.js';
import { DURATION_BOUNDARIES, EVENT_HTTP_CLIENT_REQUEST_EXCEPTION, OTHER } from './semconv.js';

/** The request of a caller. */
interface ClientRequestFacts {
  readonly method: string;
  /** `scheme://host[:port]`. */
  readonly origin: string;
  /** The path with its query; the whole URL for a request to a proxy. */
  readonly path: string;
  /** The path of a Unix socket, which replaces the host. */
  readonly socketPath?: string;
  readonly headers: HeaderCarrier;
}

/** The socket that carried a request, as far as it is known. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** One request on the wire; a retry or redirect is another. */
export class ClientCall {
  readonly span: Span;
  readonly context: Context;
  /** Of the metric, in the making. */
  readonly attributes: Attributes;
  readonly startedAt = performance.now();
  ended = false;

  constructor(span: Span, context: Context, attributes: Attributes) {
    this.span = span;
    this.context = context;
    this.attributes = attributes;
  }
}

/**
 * Starts, injects and ends the CLIENT spans of outgoing requests, and their durations. A span ends when
 * the response's headers have been read (semantic conventions, HTTP spans, "HTTP client span duration"),
 * since a body may be read late or never.
 */
export class ClientCalls {
  readonly #settings: HttpSettings;
  readonly #app: AppTelemetry;
  readonly #origins: ClientOrigins;
  readonly #note: ExceptionNote;
  #tracer: Tracer | undefined;
  #duration: Histogram | undefined;

  constructor(settings: HttpSettings, app: AppTelemetry) {
    this.#app = app;
    this.#settings = settings;
    this.#origins = new ClientOrigins(settings.ignoreHosts);
    this.#note = {
      signal: settings.exceptionSignal,
      eventName: EVENT_HTTP_CLIENT_REQUEST_EXCEPTION,
      severity: SeverityNumber.WARN,
    };
  }

  /** Each app hears of the requests of all: whether the next one is of ours. */
  hears(): boolean {
    return globalProviders.isOf(contexts.active(), this.#app);
  }

  /** `undefined` where nothing is to be told: in suppressed contexts, to ignored hosts, for CONNECT. */
  begin(facts: ClientRequestFacts): ClientCall | undefined {
    const active = contexts.active();
    if (isTracingSuppressed(active) || facts.method === 'CONNECT') return undefined;
    const origin = this.#origins.find(facts.origin);
    if (origin === undefined || origin.ignored) return undefined;
    const method = this.#settings.knownMethods.has(facts.method) ? facts.method : OTHER;
    const attributes: Attributes = {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      [ATTR_SERVER_ADDRESS]: facts.socketPath ?? origin.address,
    };
    if (facts.socketPath === undefined && origin.port !== undefined) {
      attributes[ATTR_SERVER_PORT] = origin.port;
    }
    this.#tracer ??= ownTracer();
    const span = this.#tracer.startSpan(
      method === OTHER ? 'HTTP' : method,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          ...attributes,
          [ATTR_URL_FULL]: fullUrl(origin.base, facts.path, this.#settings.redactQuery),
          ...(method === OTHER ? { [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: facts.method } : {}),
        },
      },
      active,
    );
    const call = new ClientCall(span, trace.setSpan(active, span), attributes);
    injectContext(call.context, facts.headers);
    return call;
  }

  sentTo(call: ClientCall, peer: Peer): void {
    if (call.ended || !call.span.isRecording() || peer.remoteAddress === undefined) return;
    call.span.setAttribute(ATTR_NETWORK_PEER_ADDRESS, plainAddress(peer.remoteAddress));
    if (peer.remotePort !== undefined) {
      call.span.setAttribute(ATTR_NETWORK_PEER_PORT, peer.remotePort);
    }
  }

  /** The response's headers have been read. For a client, each 4xx is an error too. */
  answered(call: ClientCall, status: number, protocolVersion?: string): void {
    if (call.ended) return;
    call.attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = status;
    call.span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status);
    if (protocolVersion !== undefined) {
      call.attributes[ATTR_NETWORK_PROTOCOL_VERSION] = protocolVersion;
      call.span.setAttribute(ATTR_NETWORK_PROTOCOL_VERSION, protocolVersion);
    }
    if (status >= 400) {
      const errorType = String(status);
      call.attributes[ATTR_ERROR_TYPE] = errorType;
      call.span.setAttribute(ATTR_ERROR_TYPE, errorType);
      call.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#end(call);
  }

  /** No answer came. */
  failed(call: ClientCall, error: unknown): void {
    if (call.ended) return;
    recordException(call.span, call.context, error, this.#note);
    failSpan(call.span, error);
    call.attributes[ATTR_ERROR_TYPE] = exceptionType(error);
    // Most failures of a socket are of the class Error; what tells them apart is the code.
    const code = exceptionCode(error);
    if (code !== undefined) call.attributes[ATTR_EXCEPTION_CODE] = code;
    this.#end(call);
  }

  /** The caller gave up on purpose: no error (semantic conventions, HTTP spans, "Status"). */
  cancelled(call: ClientCall): void {
    if (!call.ended) this.#end(call);
  }

  #end(call: ClientCall): void {
    call.ended = true;
    const { span, attributes } = call;
    span.end();
    this.#duration ??= ownMeter().createHistogram(METRIC_HTTP_CLIENT_REQUEST_DURATION, {
      description: 'Duration of HTTP client requests.',
      unit: 's',
      valueType: ValueType.DOUBLE,
      advice: { explicitBucketBoundaries: [...DURATION_BOUNDARIES] },
    });
    this.#duration.record(secondsOf(call), attributes, call.context);
  }
}

const secondsOf = (call: ClientCall): number => {
  const { duration } = call.span as { readonly duration?: HrTime };
  return duration === undefined
    ? (performance.now() - call.startedAt) / 1000
    : duration[0] + duration[1] / 1e9;
};
