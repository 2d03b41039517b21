import {
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  METRIC_RPC_CLIENT_CALL_DURATION,
} from '@opentelemetry/semantic-conventions';
import type { Attributes, Context, Histogram, Tracer } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { contexts } from '../context/contexts.js';
import { ownMeter, ownTracer } from '../late-bound/own-telemetry.js';
import { targetAddress } from './address.js';
import { observeClientCall } from './client-call.js';
import { ClientSpan } from './client-span.js';
import type { ClientSpanOwner } from './client-span.js';
import type { GrpcCallOptions, GrpcClientCall, GrpcNextCall } from './grpc-js.js';
import { RpcMethod, RpcMethods } from './rpc-method.js';
import type { RpcSettings } from './rpc.settings.js';
import { CALL_DURATION_BUCKETS } from './semconv.js';
import type { GrpcCode } from '@nestlens/otlp';
import { warnOfFault } from '../faults/fault-log.js';

const isClientError = (name: GrpcCode): boolean => name !== 'OK';

/** Spans and durations of the calls that one app makes. Knows nothing of Nest. */
export class GrpcClientTracer implements ClientSpanOwner {
  readonly settings: RpcSettings;
  /** Address attributes by target. Targets are the app's own configuration, so they are few. */
  readonly #methods = new Map<string, RpcMethods>();
  readonly #open = new Set<ClientSpan>();
  #tracer: Tracer | undefined;
  #duration: Histogram | undefined;
  #enabled = true;

  constructor(settings: RpcSettings) {
    this.settings = settings;
  }

  /** Kept from the first call on. */
  get tracer(): Tracer {
    return (this.#tracer ??= ownTracer());
  }

  /** A grpc-js client interceptor. Throws only the errors of `nextCall`. */
  intercept(target: string, options: GrpcCallOptions, nextCall: GrpcNextCall): GrpcClientCall {
    if (!this.#enabled || isTracingSuppressed(contexts.active())) return nextCall(options);
    const method = this.#methodOf(target, options);
    if (!method || method.ignored) return nextCall(options);
    const span = new ClientSpan(method, this);
    return observeClientCall(this.#next(span, options, nextCall), span);
  }

  began(span: ClientSpan): void {
    this.#open.add(span);
  }

  ended(span: ClientSpan): void {
    this.#open.delete(span);
  }

  measured(method: RpcMethod, end: number | string, seconds: number, callContext: Context): void {
    this.#duration ??= ownMeter().createHistogram(METRIC_RPC_CLIENT_CALL_DURATION, {
      description: 'Duration of outgoing gRPC calls.',
      unit: 's',
      advice: { explicitBucketBoundaries: CALL_DURATION_BUCKETS },
    });
    const attributes =
      typeof end === 'number'
        ? method.metricAttributes(end, isClientError)
        : method.failureAttributes(end);
    this.#duration.record(seconds, attributes, callContext);
  }

  /** Lets later calls pass untouched, and ends open spans. */
  disable(): void {
    this.#enabled = false;
    for (const span of this.#open) span.abandon();
  }

  #next(span: ClientSpan, options: GrpcCallOptions, nextCall: GrpcNextCall): GrpcClientCall {
    try {
      return nextCall(options);
    } catch (error) {
      span.refused(error as Error);
      throw error;
    }
  }

  #methodOf(target: string, options: GrpcCallOptions): RpcMethod | undefined {
    try {
      let methods = this.#methods.get(target);
      if (!methods) this.#methods.set(target, (methods = new RpcMethods()));
      return methods.find(options.method_definition.path, (path) => this.#describe(path, target));
    } catch (error) {
      warnOfFault('gRPC: a client call could not be observed', error);
      return undefined;
    }
  }

  #describe(path: string, target: string): RpcMethod {
    const name = path.slice(1);
    const { address, port } = targetAddress(target);
    const attributes: Attributes = { [ATTR_SERVER_ADDRESS]: address };
    if (port !== undefined) attributes[ATTR_SERVER_PORT] = port;
    return new RpcMethod(name, this.settings.ignores(name), attributes, attributes);
  }
}
