import type { IncomingMessage, ServerResponse } from 'node:http';
import { SeverityNumber, SpanStatusCode, defaultTextMapGetter } from '@opentelemetry/api';
import type { HrTime, Span, Tracer } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_RESPONSE_HEADER,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
} from '@opentelemetry/semantic-conventions';
import { templateOf } from '../adapter/adapter-hooks.js';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';
import type { ServiceState } from '../lifecycle/service-state.js';
import { SCOPE_NAME, ownPropagator, ownTracer } from '../late-bound/own-telemetry.js';
import { VERSION } from '../late-bound/version.js';
import { failSpan, recordException } from '../exceptions/record-exception.js';
import type { ExceptionNote } from '../exceptions/record-exception.js';
import { expressRoute } from './express-route.js';
import type { ExpressRequest } from './express-route.js';
import { warnOfFault } from '../faults/fault-log.js';
import type { HttpSettings } from './http.settings.js';
import { headerValues } from './redaction.js';
import { RequestReader } from './request-facts.js';
import { judgeResponse, responseHeader } from './response-end.js';
import { EVENT_HTTP_SERVER_REQUEST_EXCEPTION } from './semconv.js';
import { ServerMetrics } from './server-metrics.js';
import type { ServerOutcome } from './server-durations.js';
import { ServerRequest } from './server-request.js';

interface WithDuration {
  readonly duration?: HrTime;
}

// The metric should be the span's own duration; only a span that was recorded has one.
const secondsOf = (request: ServerRequest): number => {
  const duration = (request.span as WithDuration).duration;
  return duration === undefined
    ? (performance.now() - request.startedAt) / 1000
    : duration[0] + duration[1] / 1e9;
};

/** Starts and ends the spans of incoming requests, and their metrics with them. */
export class ServerSpans {
  readonly #reader: RequestReader;
  readonly #metrics: ServerMetrics;
  readonly #app: AppTelemetry;
  readonly #state: ServiceState;
  readonly #note: ExceptionNote;
  readonly #responseHeaders: readonly (readonly [name: string, attribute: string])[];
  #tracer: Tracer | undefined;

  constructor(settings: HttpSettings, state: ServiceState, app: AppTelemetry) {
    this.#state = state;
    this.#app = app;
    this.#metrics = new ServerMetrics(() => app.meters.getMeter(SCOPE_NAME, VERSION));
    this.#reader = new RequestReader(settings);
    this.#note = {
      signal: settings.exceptionSignal,
      eventName: EVENT_HTTP_SERVER_REQUEST_EXCEPTION,
      severity: SeverityNumber.ERROR,
    };
    this.#responseHeaders = settings.responseHeaders.map((name) => [
      name,
      ATTR_HTTP_RESPONSE_HEADER(name),
    ]);
  }

  start(req: IncomingMessage, res: ServerResponse): ServerRequest {
    const request = new ServerRequest(this.#reader, this.#note, req, res);
    // From nothing: the active context may be that of an earlier request on the same connection.
    const parent = ownPropagator.extract(this.#app.context, req.headers, defaultTextMapGetter);
    this.#tracer ??= ownTracer();
    request.start(this.#tracer, parent);
    this.#metrics.began(request.facts);
    return request;
  }

  end(request: ServerRequest, req: IncomingMessage, res: ServerResponse): void {
    if (request.ended) return;
    let outcome: ServerOutcome = { status: undefined, errorType: undefined };
    try {
      const { exception } = request;
      const { name } = this.#state;
      const stopping = name === 'draining' || name === 'stopped';
      outcome = judgeResponse({ req, res, exception, stopping });
      this.#findRoute(request, req, outcome);
      this.#complete(request, res, outcome);
    } catch (error) {
      warnOfFault('An HTTP server span could not be completed', error);
    }
    request.close();
    try {
      request.span.end();
      this.#app.made.work(request.span);
      this.#metrics.ended(request, secondsOf(request), outcome);
    } catch (error) {
      warnOfFault('An HTTP server span could not be ended', error);
    }
  }

  disable(): void {
    this.#metrics.disable();
  }

  // Routes that Nest did not register, and the mounts of an app. A 404 has none, whatever a router left behind.
  #findRoute(request: ServerRequest, req: IncomingMessage, outcome: ServerOutcome): void {
    const { baseUrl } = req as ExpressRequest;
    if (request.route !== undefined && !baseUrl) return;
    if (outcome.status === undefined) return;
    if (outcome.status === 404 && request.route === undefined) return;
    const path =
      request.ownRoute ??
      templateOf(request.platformRequest) ??
      expressRoute(req as ExpressRequest, request.route);
    if (path !== undefined) request.routed(path);
  }

  #complete(request: ServerRequest, res: ServerResponse, outcome: ServerOutcome): void {
    const { span, exception, context } = request;
    if (outcome.errorType !== undefined && exception !== undefined) {
      recordException(span, context, exception.thrown, this.#note);
    }
    if (!span.isRecording()) return;
    if (outcome.status !== undefined) {
      span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, outcome.status);
    }
    this.#keepHeaders(span, res);
    if (outcome.errorType === undefined) return;
    if (exception !== undefined) failSpan(span, exception.thrown, outcome.errorType);
    else {
      span.setAttribute(ATTR_ERROR_TYPE, outcome.errorType);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
  }

  #keepHeaders(span: Span, res: ServerResponse): void {
    for (const [name, attribute] of this.#responseHeaders) {
      const value = responseHeader(res, name);
      if (value !== undefined) span.setAttribute(attribute, headerValues(name, value));
    }
  }
}
