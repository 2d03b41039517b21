import type { ExceptionSignal } from '../exceptions/record-exception.js';
import type { OtelConfig } from '../options/otel.config.js';

/** The configuration as calls ask for it. Frozen. */
export interface RpcSettings {
  readonly server: boolean;
  readonly client: boolean;
  /** Gets `pkg.Service/Method`, without a leading slash. */
  readonly ignores: (method: string) => boolean;
  /** Lower case, without repetition. */
  readonly requestMetadata: readonly string[];
  readonly exceptionSignal: ExceptionSignal;
}

/** Injection token of the {@link RpcSettings}. */
export const RPC_SETTINGS = Symbol('nestlens.rpc.settings');

const matcher = (patterns: readonly string[]): ((method: string) => boolean) => {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    if (pattern.endsWith('*')) prefixes.push(pattern.slice(0, -1));
    else exact.add(pattern);
  }
  return (method) => exact.has(method) || prefixes.some((prefix) => method.startsWith(prefix));
};

/** The configuration in the forms in which each call asks for it. */
export const rpcSettings = ({
  rpc,
  exceptionSignal,
}: Pick<OtelConfig, 'rpc' | 'exceptionSignal'>): RpcSettings =>
  Object.freeze({
    server: rpc.server,
    client: rpc.client,
    ignores: matcher(rpc.ignore),
    requestMetadata: Object.freeze([
      ...new Set(rpc.requestMetadata.map((key) => key.toLowerCase())),
    ]),
    exceptionSignal,
  });
