import type { GrpcClientTracer } from './client-tracer.js';
import { withClientInterceptor, withServerInterceptor } from './interceptor-options.js';
import { RunningTracers } from './running-tracers.js';
import type { GrpcServerTracer } from './server-tracer.js';

export const runningServerTracers = new RunningTracers<GrpcServerTracer>();
export const runningClientTracers = new RunningTracers<GrpcClientTracer>();

/** Where Nest's own default points, `GRPC_DEFAULT_URL`. */
const DEFAULT_TARGET = 'localhost:5000';

/** Applies to `options` of `{ transport, options }`, or to the gRPC options themselves. */
const within = <T extends object>(given: T, change: (options: object) => object): T => {
  const inner: unknown = 'options' in given ? given.options : undefined;
  return (
    typeof inner === 'object' && inner !== null
      ? { ...given, options: change(inner) }
      : change(given)
  ) as T;
};

/**
 * Returns the same gRPC server options with spans, metrics and context added. Only for servers that Nest does not
 * know of; those of `createMicroservice` and `connectMicroservice` are found without it, and using it there as
 * well does no harm. Takes Nest's `{ transport, options }`, or the options themselves. For a bare grpc-js server:
 * `new Server(tracedGrpcServer({}).channelOptions)`. With several apps in one process
 * its calls are those of the app that has run longest. Calls pass untouched while no OtelModule runs.
 */
export const tracedGrpcServer = <T extends object>(
  options: T,
): T & { readonly channelOptions?: object } =>
  within(options, (inner) =>
    withServerInterceptor(
      inner,
      (definition, call) => runningServerTracers.current?.intercept(definition, call) ?? call,
    ),
  );

/**
 * Returns the same gRPC client options with spans, metrics and context added. Only for clients that Nest does not
 * know of, such as one that a service makes by `ClientProxyFactory.create(tracedGrpcClient({...}))`; those of
 * `ClientsModule`, of providers and of `@Client()` are found without it, and using it there as well does no
 * harm. For a bare grpc-js client: `new Client(url, credentials, tracedGrpcClient({ url }).channelOptions)`.
 * `url` becomes `server.address` and `server.port`. With several apps in one process a call is that of the app in
 * whose request or call it is made, and outside of any of the one that has run longest. Calls pass untouched while
 * no OtelModule runs.
 */
export const tracedGrpcClient = <T extends object>(
  options: T,
): T & { readonly channelOptions?: object } =>
  within(options, (inner) => {
    const target = 'url' in inner && typeof inner.url === 'string' ? inner.url : DEFAULT_TARGET;
    return withClientInterceptor(inner, (call, nextCall) => {
      const tracer = runningClientTracers.current;
      return tracer ? tracer.intercept(target, call, nextCall) : nextCall(call);
    });
  });
