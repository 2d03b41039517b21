import type { ModulesContainer } from '@nestjs/core';

/** Nest's ClientProxy. Its methods show it, since an app may hold several copies of Nest's package. */
const isMessageClient = (value: unknown): value is object => {
  try {
    return (
      typeof value === 'object' &&
      value !== null &&
      ['send', 'emit', 'connect', 'close'].every(
        (method) => typeof Reflect.get(value, method) === 'function',
      ) &&
      Reflect.get(value, 'routingMap') instanceof Map &&
      typeof Reflect.get(value, 'getService') !== 'function'
    );
  } catch {
    // A provider that is a Proxy may refuse to be read outside its scope.
    return false;
  }
};

/**
 * The classes of the message clients that are providers (`ClientsModule`, or a factory). Those that the app makes
 * elsewhere, `ClientProxyFactory.create()` at the top of a file for one, cannot be found.
 */
export const messageClients = (modules: ModulesContainer): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const { providers } of modules.values()) {
    for (const { instance } of providers.values()) {
      if (isMessageClient(instance)) names.add(instance.constructor.name);
    }
  }
  return names;
};
