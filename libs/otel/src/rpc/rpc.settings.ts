import { exceptionSignal } from '../exceptions/exception-signal.js';
import type { ExceptionSignal } from '../exceptions/exception-signal.js';
import type { RpcOptions } from '../options/otel.options.js';

/** {@link RpcOptions} with every default filled in. Frozen. */
export interface RpcSettings {
  readonly server: boolean;
  readonly client: boolean;
  /** Gets `pkg.Service/Method`, without a leading slash. */
  readonly ignores: (method: string) => boolean;
  /** Lower case, without repetition. */
  readonly requestMetadata: readonly string[];
  readonly exceptionSignal: ExceptionSignal;
}

const DEFAULT_IGNORE = [
  'grpc.health.v1.Health/*',
  'grpc.reflection.v1.ServerReflection/*',
  'grpc.reflection.v1alpha.ServerReflection/*',
];

const matcher = (patterns: readonly string[]): ((method: string) => boolean) => {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    const method = pattern.startsWith('/') ? pattern.slice(1) : pattern;
    if (method.endsWith('*')) prefixes.push(method.slice(0, -1));
    else exact.add(method);
  }
  return (method) => exact.has(method) || prefixes.some((prefix) => method.startsWith(prefix));
};

/**
 * Fills the defaults in. `ignore` replaces the default list; an empty list ignores nothing.
 * Reads `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN` (`logs`, `logs/dup`; anything else: span events).
 */
export const resolveRpc = (
  options: RpcOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): RpcSettings =>
  Object.freeze({
    server: options.server ?? true,
    client: options.client ?? true,
    ignores: matcher(options.ignore ?? DEFAULT_IGNORE),
    requestMetadata: Object.freeze([
      ...new Set((options.requestMetadata ?? []).map((key) => key.toLowerCase())),
    ]),
    exceptionSignal: exceptionSignal(env),
  });
