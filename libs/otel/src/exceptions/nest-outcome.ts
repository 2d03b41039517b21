import { attempt } from './error-like.js';

const CLIENT_FAULTS = 400;
const SERVER_FAULTS = 500;

const result = (thrown: unknown, method: string): unknown =>
  attempt(() => {
    const found: unknown = Reflect.get(Object(thrown) as object, method);
    return typeof found === 'function' ? Reflect.apply(found, thrown, []) : undefined;
  });

/** The status of an HttpException of Nest; `undefined` for all others. */
export const ownStatus = (thrown: unknown): number | undefined => {
  const status = result(thrown, 'getStatus');
  return typeof status === 'number' ? status : undefined;
};

/** The codes of Apollo, Nest and mercurius for faults of a client. */
const CLIENT_CODES: ReadonlySet<unknown> = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_VALIDATION_FAILED',
  'NOT_FOUND',
  'UNAUTHENTICATED',
]);

interface WithExtensions {
  readonly extensions?: { readonly code?: unknown; readonly http?: { readonly status?: unknown } };
}

const isClientStatus = (status: unknown): boolean =>
  typeof status === 'number' && status >= CLIENT_FAULTS && status < SERVER_FAULTS;

/** Whether this is a GraphQLError. Its `extensions` show it, since an app may hold several copies of the package. */
const isGraphqlRefusal = (thrown: unknown): boolean =>
  attempt(() => {
    const { extensions } = Object(thrown) as WithExtensions;
    return CLIENT_CODES.has(extensions?.code) || isClientStatus(extensions?.http?.status);
  }) === true;

/**
 * Whether Nest answers 4xx for this exception, or GraphQL reports a fault of the client. Such an exception is an
 * outcome, not an error of the code that throws it. [semantic conventions, recording exceptions]
 */
export const isClientFault = (thrown: unknown): boolean =>
  isClientStatus(ownStatus(thrown)) || isGraphqlRefusal(thrown);

/**
 * Whether the exception only stands for a gRPC status. Nest's RpcException and GrpcException do, and their `getError()`
 * shows it. Such exceptions are not recorded. [semantic conventions, recording exceptions]
 */
export const isStatusException = (thrown: unknown): boolean =>
  attempt(
    () => typeof (thrown as { readonly getError?: unknown } | null)?.getError === 'function',
  ) === true;
