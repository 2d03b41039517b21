import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  RPC_SYSTEM_NAME_VALUE_GRPC,
} from '@opentelemetry/semantic-conventions';
import { statusCodeName } from './status-code.js';
import type { GrpcCode } from '@nestlens/otlp';

/** The facts of one method that are known before any call. They are made once, so that a call computes none. */
export class RpcMethod {
  /** `pkg.Service/Method`. */
  readonly name: string;
  readonly ignored: boolean;
  /** Attributes of every span, from its start. */
  readonly attributes: Attributes;
  readonly #metricAttributes: Attributes;
  readonly #byCode = new Map<GrpcCode, Attributes>();

  constructor(name: string, ignored: boolean, attributes: Attributes, ofMetric: Attributes = {}) {
    this.name = name;
    this.ignored = ignored;
    const common = {
      [ATTR_RPC_SYSTEM_NAME]: RPC_SYSTEM_NAME_VALUE_GRPC,
      [ATTR_RPC_METHOD]: name,
    };
    this.attributes = { ...common, ...attributes };
    this.#metricAttributes = { ...common, ...ofMetric };
  }

  /** Attributes of the duration's point; the same object each time. */
  metricAttributes(code: number, isError: (name: GrpcCode) => boolean): Attributes {
    const name = statusCodeName(code);
    const known = this.#byCode.get(name);
    if (known) return known;
    const attributes: Attributes = { ...this.#metricAttributes, [ATTR_RPC_STATUS_CODE]: name };
    if (isError(name)) attributes[ATTR_ERROR_TYPE] = name;
    this.#byCode.set(name, attributes);
    return attributes;
  }

  /** The attributes if the call could not begin, so that no status came. */
  failureAttributes(errorType: string): Attributes {
    return { ...this.#metricAttributes, [ATTR_ERROR_TYPE]: errorType };
  }
}

const MOST_METHODS = 2000;

/** Methods by their path. Bounded, since a generic client may be given any path. */
export class RpcMethods {
  readonly #known = new Map<string, RpcMethod>();

  find(path: string, describe: (path: string) => RpcMethod): RpcMethod {
    const known = this.#known.get(path);
    if (known) return known;
    const method = describe(path);
    if (this.#known.size >= MOST_METHODS) this.#known.clear();
    this.#known.set(path, method);
    return method;
  }
}
