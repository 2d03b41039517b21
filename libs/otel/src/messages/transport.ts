/** A transport server of Nest, or one of the app's own; anything may be missing in those. */
export interface TransportServer {
  readonly transportId?: unknown;
  readonly createServiceMethod?: unknown;
  readonly onProcessingStartHook?: StartHook;
  readonly onProcessingEndHook?: EndHook | undefined;
  listen?: (...args: readonly unknown[]) => unknown;
  setOnProcessingStartHook?(hook: StartHook): void;
  setOnProcessingEndHook?(hook: EndHook): void;
}

type StartHook = (transportId: unknown, context: unknown, done: () => unknown) => unknown;
type EndHook = (transportId: unknown, context: unknown) => void;

/** `Transport` of `@nestjs/microservices`, which is not imported, since it is an optional peer. */
const NAMES = ['tcp', 'redis', 'nats', 'mqtt', 'grpc', 'rmq', 'kafka'] as const;
const GRPC = 4;

/** gRPC has spans, context and a count of its own. */
export const isGrpcServer = (
  server: Pick<TransportServer, 'transportId' | 'createServiceMethod'>,
): boolean => server.transportId === GRPC || typeof server.createServiceMethod === 'function';

/** `tcp`, `kafka` and so on; for a transport of the app's own its class. */
export const transportName = (server: TransportServer): string => {
  const { transportId } = server;
  if (typeof transportId === 'number') return NAMES[transportId] ?? `transport ${transportId}`;
  return server.constructor.name || 'transport';
};

/** The names of a message's destination in the contexts of Nest's transports, in the order in which they are asked. */
const SUBJECTS = ['getPattern', 'getSubject', 'getTopic', 'getChannel'] as const;
const MOST = 64;

/** The pattern, subject, topic or channel of a message. Empty if its context has none. */
export const subjectOf = (context: unknown): string => {
  if (typeof context !== 'object' || context === null) return '';
  for (const method of SUBJECTS) {
    const get: unknown = Reflect.get(context, method);
    if (typeof get !== 'function') continue;
    const subject: unknown = Reflect.apply(get, context, []);
    if (typeof subject === 'string') return subject.slice(0, MOST);
  }
  return '';
};
