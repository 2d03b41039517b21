import type {
  GrpcClientInterceptor,
  GrpcMethodDefinition,
  GrpcServerInterceptor,
} from './grpc-js.js';

/*
 * Puts our interceptors into Nest's gRPC options. Never changes the given object, which people share between a
 * server and a client, and never leaves two of ours in one list.
 */

type Interceptor = (...args: never[]) => unknown;

interface ChannelOptions {
  readonly interceptors?: readonly Interceptor[];
  readonly interceptor_providers?: readonly Interceptor[];
  readonly callInvocationTransformer?: Transformer;
}

interface CallProperties {
  readonly callOptions?: {
    readonly interceptors?: readonly Interceptor[];
    readonly interceptor_providers?: readonly Interceptor[];
  };
}

type Transformer = ((call: CallProperties) => CallProperties) & { [REPLACED]?: Transformer };

/** A mark on each of our functions, so that a second copy of this package knows it too. */
const OURS = Symbol.for('nestlens.grpc.interceptor');
const REPLACED = Symbol.for('nestlens.grpc.replaced');

const marked = <T extends Interceptor>(interceptor: T): T =>
  Object.defineProperty(interceptor, OURS, { value: true });
const isOthers = (interceptor: Interceptor): boolean => !(OURS in interceptor);

const channelOptionsOf = (options: object): ChannelOptions =>
  ('channelOptions' in options && (options.channelOptions as ChannelOptions | undefined)) || {};

/** Ours comes first, next to the wire: it sees the final status, and its context holds the other interceptors. */
export const withServerInterceptor = <T extends object>(
  options: T,
  interceptor: GrpcServerInterceptor,
): T => {
  const given = channelOptionsOf(options);
  const others = (given.interceptors ?? []).filter(isOthers);
  return {
    ...options,
    channelOptions: { ...given, interceptors: [marked(interceptor), ...others] },
  };
};

/** Ours comes first, next to the caller: one span, however often an interceptor after it retries. */
export const withClientInterceptor = <T extends object>(
  options: T,
  interceptor: GrpcClientInterceptor,
): T => {
  const given = channelOptionsOf(options);
  return {
    ...options,
    channelOptions: {
      ...given,
      ...prepended(given, interceptor),
      callInvocationTransformer: transformer(given.callInvocationTransformer, interceptor),
    },
  };
};

/** grpc-js takes interceptors or providers of them, and throws where it gets both. */
const prepended = (
  given: Pick<ChannelOptions, 'interceptors' | 'interceptor_providers'>,
  interceptor: GrpcClientInterceptor,
): Pick<ChannelOptions, 'interceptors' | 'interceptor_providers'> => {
  const providers = (given.interceptor_providers ?? []).filter(isOthers);
  if (providers.length > 0) {
    const provider = marked((_method: GrpcMethodDefinition) => interceptor);
    return { interceptor_providers: [provider, ...providers] };
  }
  const others = (given.interceptors ?? []).filter(isOthers);
  return { interceptors: [marked(interceptor), ...others] };
};

/** Interceptors given with a call replace those of the client; ours must not go with them. */
const transformer = (
  given: Transformer | undefined,
  interceptor: GrpcClientInterceptor,
): Transformer => {
  const others = given && REPLACED in given ? given[REPLACED] : given;
  const transform: Transformer = (call) => {
    const properties = others ? others(call) : call;
    const options = properties.callOptions;
    if (!options?.interceptors?.length && !options?.interceptor_providers?.length)
      return properties;
    return { ...properties, callOptions: { ...options, ...prepended(options, interceptor) } };
  };
  transform[REPLACED] = others;
  return transform;
};

/**
 * Adds ours to a grpc-js client that exists already. Its lists are kept under two unnamed symbols, interceptors
 * before providers; anything that looks otherwise is left alone. Returns whether it is done.
 */
export const addToClient = (client: object, interceptor: GrpcClientInterceptor): boolean => {
  const fields = client as Record<symbol, Interceptor[]>;
  const lists = Object.getOwnPropertySymbols(client).filter((key) => Array.isArray(fields[key]));
  const [interceptors, providers, ...rest] = lists;
  if (interceptors === undefined || providers === undefined || rest.length > 0) return false;
  const next = prepended(
    { interceptors: fields[interceptors], interceptor_providers: fields[providers] },
    interceptor,
  );
  if (next.interceptors) fields[interceptors] = [...next.interceptors];
  if (next.interceptor_providers) fields[providers] = [...next.interceptor_providers];
  return true;
};
