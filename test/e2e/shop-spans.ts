import type { ExpectedSpan } from '@nestlens/testing';
import type { Call } from '../../tools/demo/calls.ts';
import type { ServiceName } from '../../tools/demo/shop.ts';

/** Status codes that mark the span of a server as failed (semantic conventions, gRPC). */
const SERVER_FAULTS = ['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE'];

const isPort = (value: unknown): boolean => Number(value) > 0;
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const handledBy = (handler: string): Record<string, string | undefined> => {
  const [controller, callback] = handler.split('.');
  return {
    'code.function.name': handler,
    'nestjs.controller': controller,
    'nestjs.callback': callback,
  };
};

const controllerOf = (service: ServiceName): string =>
  `${service.charAt(0).toUpperCase()}${service.slice(1)}Controller`;

export interface RpcParts {
  /** Status code. Default: OK. */
  code?: string;
  /** Message of the status, set only if it is an error of that side. */
  message?: string;
  events?: ExpectedSpan['events'];
  /** Children of the server's span. Default: none. */
  children?: readonly ExpectedSpan[];
}

/** Expects a call from one service to another: the CLIENT span, and the SERVER span below it. */
export function rpc(
  from: ServiceName,
  to: Exclude<ServiceName, 'gateway'>,
  method: string,
  { code = 'OK', message, events = [], children = [] }: RpcParts = {},
): ExpectedSpan {
  const service = `${to.charAt(0).toUpperCase()}${to.slice(1)}`;
  const name = `shop.${to}.v1.${service}/${method}`;
  const attributes = {
    'rpc.system.name': 'grpc',
    'rpc.method': name,
    'rpc.status_code': code,
    'server.address': '127.0.0.1',
    'server.port': isPort,
    'network.peer.address': '127.0.0.1',
    'network.peer.port': isPort,
  };
  const fails = (isFault: boolean) => ({
    status: isFault ? ('error' as const) : ('unset' as const),
    statusMessage: isFault ? message : '',
    scope: '@nestlens/otel',
  });
  const isServersFault = SERVER_FAULTS.includes(code);
  const callback = method.charAt(0).toLowerCase() + method.slice(1);
  return {
    service: from,
    name,
    kind: 'client',
    ...fails(code !== 'OK'),
    attributes: { ...attributes, 'error.type': code === 'OK' ? undefined : code },
    events: [],
    children: [
      {
        service: to,
        name,
        kind: 'server',
        ...fails(isServersFault),
        attributes: {
          ...attributes,
          ...handledBy(`${controllerOf(to)}.${callback}`),
          'error.type': isServersFault ? code : undefined,
        },
        events,
        children,
      },
    ],
  };
}

/** Expects the span of a method with `@Span()`. */
export const method = (service: ServiceName, name: string): ExpectedSpan => ({
  service,
  name,
  kind: 'internal',
  status: 'unset',
  attributes: { 'code.function.name': name },
  events: [],
  children: [],
});

export interface HttpParts {
  /** Controller and method. Undefined if no route matches. */
  handler?: string;
  /** Set if the answer is the gateway's fault. */
  error?: { type: string; message: string };
  events?: ExpectedSpan['events'];
  children?: readonly ExpectedSpan[];
}

/** Expects the gateway's SERVER span of a request. */
export function http(
  { method: verb, path, route, status }: Call,
  { handler, error, events = [], children = [] }: HttpParts = {},
): ExpectedSpan {
  const [pathname, query] = path.split('?');
  return {
    service: 'gateway',
    name: route === '' ? verb : `${verb} ${route}`,
    kind: 'server',
    status: error === undefined ? 'unset' : 'error',
    statusMessage: error?.message ?? '',
    scope: '@nestlens/otel',
    attributes: {
      'http.request.method': verb,
      'http.response.status_code': status,
      'http.route': route === '' ? undefined : route,
      'url.path': pathname,
      'url.query': query,
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': isPort,
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'user_agent.original': isText,
      'error.type': error?.type,
      ...(handler === undefined ? { 'nestjs.controller': undefined } : handledBy(handler)),
    },
    events,
    children,
  };
}

/** Expects the event of an exception. Its stack begins where it was thrown. */
export const exception = (type: string, message: string, file: string) => ({
  name: 'exception',
  attributes: {
    'exception.type': type,
    'exception.message': message,
    'exception.stacktrace': new RegExp(`${type}: ${message}[^]*${file}`),
  },
});

/** Counts the spans of the tree. */
export const countOf = ({ children = [] }: ExpectedSpan): number =>
  children.reduce((sum, child) => sum + countOf(child), 1);
