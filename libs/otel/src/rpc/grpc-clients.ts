import type { ModulesContainer } from '@nestjs/core';

/** Metadata key of `@Client()`, the same in Nest 11 and 12. */
const CLIENT_METADATA = 'microservices:is_client_instance';

/** The part of Nest's ClientGrpcProxy that is read here. */
interface NestGrpcClient {
  options: object;
  readonly url?: unknown;
  /** grpc-js clients by service; one is made at the first `getService()` of its service. */
  readonly clients?: ReadonlyMap<string, object>;
}

/** A client, and where it was found. */
export interface FoundClient {
  readonly name: string;
  readonly client: NestGrpcClient;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Told by its methods: an app may hold several copies of Nest's package. */
const isGrpcClient = (value: unknown): value is NestGrpcClient => {
  try {
    return (
      isObject(value) &&
      typeof value['getService'] === 'function' &&
      typeof value['getClientByServiceName'] === 'function' &&
      typeof value['createClientByServiceName'] === 'function' &&
      isObject(value['options'])
    );
  } catch {
    // A provider that is a Proxy may refuse to be read outside its scope.
    return false;
  }
};

/** Clients that stand in properties decorated with `@Client()`; Nest keeps no list of them that can be reached. */
const clientsOf = function* (instance: object): Generator<FoundClient> {
  for (const key in instance) {
    if (Reflect.getMetadata(CLIENT_METADATA, instance, key) !== true) continue;
    const client: unknown = Reflect.get(instance, key);
    const owner = instance.constructor.name;
    if (isGrpcClient(client)) yield { name: `${owner}.${key}`, client };
  }
};

/** Every gRPC client that Nest made until now: providers of ClientsModule or of a factory, and `@Client()`. */
export const findGrpcClients = function* (modules: ModulesContainer): Generator<FoundClient> {
  for (const module of modules.values()) {
    for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
      const instance: unknown = wrapper.instance;
      if (isGrpcClient(instance)) {
        yield { name: tokenName(wrapper.token), client: instance };
      } else if (isObject(instance) && !wrapper.isNotMetatype) {
        try {
          yield* clientsOf(instance);
        } catch {
          // As above, an object that cannot be read counts as one without a client.
        }
      }
    }
  }
};

const tokenName = (token: unknown): string =>
  typeof token === 'function' ? token.name : String(token);
