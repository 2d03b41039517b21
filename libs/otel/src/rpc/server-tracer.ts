import {
  ATTR_CODE_FUNCTION_NAME,
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_METHOD_ORIGINAL,
  ATTR_RPC_STATUS_CODE,
  METRIC_RPC_SERVER_CALL_DURATION,
  RPC_SYSTEM_NAME_VALUE_GRPC,
} from '@opentelemetry/semantic-conventions';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Histogram, Tracer } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';
import type { InFlight } from '../lifecycle/in-flight.js';
import { ownMeter, ownPropagator, ownTracer } from '../late-bound/own-telemetry.js';
import type { GrpcMetadata, GrpcMethodDefinition, GrpcServerCall, GrpcStatus } from './grpc-js.js';
import type { RpcHandler } from './handler-table.js';
import { headersGetter } from './metadata-carrier.js';
import type { Http2Headers } from './metadata-carrier.js';
import { RpcMethod, RpcMethods } from './rpc-method.js';
import type { RpcSettings } from './rpc.settings.js';
import {
  ATTR_NESTJS_CALLBACK,
  ATTR_NESTJS_CONTROLLER,
  CALL_DURATION_BUCKETS,
  RPC_METHOD_OTHER,
} from './semconv.js';
import { observeServerCall } from './server-call.js';
import type { ServerCallObserver } from './server-call.js';
import { ServerSpan } from './server-span.js';
import type { ServerSpanOwner } from './server-span.js';
import { isServerError, UNIMPLEMENTED, statusCodeName } from './status-code.js';
import { guarded, warnOfFault } from '../faults/fault-log.js';

const LONGEST_ORIGINAL = 255;

/** An ignored call: its work, and all that it calls, belongs to no trace. */
class IgnoredCall implements ServerCallObserver {
  readonly #base: Context;
  readonly #open: Set<IgnoredCall>;
  #call: GrpcServerCall | undefined;

  constructor(base: Context, open: Set<IgnoredCall>) {
    this.#base = base;
    this.#open = open;
  }

  begin(_metadata: GrpcMetadata, call: GrpcServerCall): Context {
    this.#call = call;
    this.#open.add(this);
    return suppressTracing(this.#base);
  }

  answering(): void {}

  refuse(status: GrpcStatus): void {
    this.#call?.sendStatus(status);
  }

  end(): void {
    this.#open.delete(this);
  }
}

const unknownMethod = new RpcMethod(RPC_METHOD_OTHER, false, {});

/** Spans and durations of the calls of one app's gRPC servers. Knows nothing of Nest. */
export class GrpcServerTracer implements ServerSpanOwner {
  readonly settings: RpcSettings;
  readonly base: Context;
  readonly #app: AppTelemetry;
  readonly #inFlight: InFlight;
  readonly #handlerOf: (path: string, requestStream: boolean) => RpcHandler | undefined;
  readonly #methods = new RpcMethods();
  readonly #open = new Set<ServerSpan>();
  readonly #ignored = new Set<IgnoredCall>();
  #tracer: Tracer | undefined;
  #duration: Histogram | undefined;
  #enabled = true;

  constructor(
    settings: RpcSettings,
    app: AppTelemetry,
    inFlight: InFlight,
    handlerOf: (path: string, requestStream: boolean) => RpcHandler | undefined,
  ) {
    this.settings = settings;
    this.base = app.context;
    this.#app = app;
    this.#inFlight = inFlight;
    this.#handlerOf = handlerOf;
  }

  /** Kept from the first call on. */
  get tracer(): Tracer {
    return (this.#tracer ??= ownTracer());
  }

  /** A grpc-js server interceptor. Never throws; without us, the call goes on as it came. */
  intercept(definition: GrpcMethodDefinition, call: GrpcServerCall): GrpcServerCall {
    if (!this.#enabled) return call;
    try {
      const method = this.#methods.find(definition.path, () => this.#describe(definition));
      return observeServerCall(
        call,
        method.ignored ? new IgnoredCall(this.base, this.#ignored) : new ServerSpan(method, this),
      );
    } catch (error) {
      warnOfFault('gRPC: a server call could not be observed', error);
      return call;
    }
  }

  /** A call of a method that no server knows. It is over already: grpc-js refuses it at once. */
  refused(path: string, headers: Http2Headers): void {
    if (!this.#enabled) return;
    try {
      const original = path.slice(1, LONGEST_ORIGINAL + 1);
      if (this.settings.ignores(original)) return;
      const context = ownPropagator.extract(this.base, headers, headersGetter);
      const attributes: Attributes = {
        ...unknownMethod.attributes,
        [ATTR_RPC_METHOD]: RPC_METHOD_OTHER,
        [ATTR_RPC_METHOD_ORIGINAL]: original,
        [ATTR_RPC_STATUS_CODE]: statusCodeName(UNIMPLEMENTED),
        [ATTR_ERROR_TYPE]: statusCodeName(UNIMPLEMENTED),
      };
      const span = this.tracer.startSpan(
        RPC_SYSTEM_NAME_VALUE_GRPC,
        { kind: SpanKind.SERVER, attributes },
        context,
      );
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'The server has no such method' });
      span.end();
      this.measured(unknownMethod, UNIMPLEMENTED, 0, context);
    } catch (error) {
      warnOfFault('gRPC: a call of an unknown method could not be recorded', error);
    }
  }

  entered(span: ServerSpan, label: string): () => void {
    this.#open.add(span);
    const leave = this.#inFlight.enter(label);
    return () => {
      this.#open.delete(span);
      leave();
    };
  }

  measured(method: RpcMethod, code: number, seconds: number, context: Context): void {
    this.#duration ??= ownMeter().createHistogram(METRIC_RPC_SERVER_CALL_DURATION, {
      description: 'Duration of incoming gRPC calls.',
      unit: 's',
      advice: { explicitBucketBoundaries: CALL_DURATION_BUCKETS },
    });
    this.#duration.record(seconds, method.metricAttributes(code, isServerError), context);
    const span = trace.getSpan(context);
    if (span !== undefined) this.#app.made.work(span);
  }

  /** Ends all open calls by `status`. Returns the names of those that are in flight, the oldest first. */
  endCalls(status: GrpcStatus): readonly string[] {
    const names = [...this.#open].map((span) => span.name);
    for (const call of [...this.#open, ...this.#ignored]) {
      guarded('gRPC: a call could not be ended', () => call.refuse(status));
    }
    return names;
  }

  /** Lets later calls pass untouched, and ends open spans. */
  disable(): void {
    this.#enabled = false;
    for (const span of this.#open) span.end();
  }

  #describe({ path, requestStream }: GrpcMethodDefinition): RpcMethod {
    const name = path.slice(1);
    const handler = this.#handlerOf(path, requestStream);
    const attributes: Attributes = handler
      ? {
          [ATTR_CODE_FUNCTION_NAME]: `${handler.controller.name}.${handler.method}`,
          [ATTR_NESTJS_CONTROLLER]: handler.controller.name,
          [ATTR_NESTJS_CALLBACK]: handler.method,
        }
      : {};
    return new RpcMethod(name, this.settings.ignores(name), attributes);
  }
}
