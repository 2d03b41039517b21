import { attempt } from './error-like.js';

const CLIENT_FAULTS = 400;
const SERVER_FAULTS = 500;

const result = (thrown: unknown, method: string): unknown =>
  attempt(() => {
    const found: unknown = Reflect.get(Object(thrown) as object, method);
    return typeof found === 'function' ? Reflect.apply(found, thrown, []) : undefined;
  });

/** What an HttpException of Nest answers with; `undefined` for all others. */
export const ownStatus = (thrown: unknown): number | undefined => {
  const status = result(thrown, 'getStatus');
  return typeof status === 'number' ? status : undefined;
};

/**
 * Whether this is Nest's way to answer 4xx. Such exceptions stand for an outcome and are no error of
 * the code that throws them. [semantic conventions, recording exceptions]
 */
export const isClientFault = (thrown: unknown): boolean => {
  const status = ownStatus(thrown);
  return status !== undefined && status >= CLIENT_FAULTS && status < SERVER_FAULTS;
};

/**
 * Whether the exception only stands for a gRPC status: Nest's RpcException and GrpcException, told by their
 * `getError()`. Such are not recorded. [semantic conventions, recording exceptions]
 */
export const isStatusException = (thrown: unknown): boolean =>
  attempt(
    () => typeof (thrown as { readonly getError?: unknown } | null)?.getError === 'function',
  ) === true;
