/** A client of a foreign library. Nothing is known about it before it was inspected. */
export type ForeignClient = Readonly<Record<string, unknown>>;

type Method = (...args: readonly unknown[]) => unknown;

export const isClient = (value: unknown): value is ForeignClient =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** A property of a client. `undefined` also if its getter throws, as some getters do before the client is connected. */
export const read = (client: ForeignClient, key: string): unknown => {
  try {
    return client[key];
  } catch {
    return undefined;
  }
};

export const has = (client: ForeignClient, ...methods: readonly string[]): boolean =>
  methods.every((method) => typeof read(client, method) === 'function');

/** The object at the path `keys`. An empty object if there is none. */
export const part = (client: ForeignClient, ...keys: readonly string[]): ForeignClient => {
  const [key, ...rest] = keys;
  if (key === undefined) return client;
  const found = read(client, key);
  return isClient(found) ? part(found, ...rest) : {};
};

export const call = (client: ForeignClient, method: string, ...args: readonly unknown[]): unknown =>
  Reflect.apply(client[method] as Method, client, args);

/** Calls a method that takes `(error) => void` as its only argument. */
export const callBack = (client: ForeignClient, method: string): Promise<void> =>
  new Promise((resolve, reject) => {
    call(client, method, (error: unknown) => {
      if (error) reject(error);
      else resolve();
    });
  });

/** The names of a client's methods, its class's included, for a message. */
export const methodNames = (client: ForeignClient, most: number): readonly string[] => {
  const names = new Set<string>();
  let at: object | null = client;
  while (at !== null && at !== Object.prototype && at !== Function.prototype) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name !== 'constructor' && !name.startsWith('_') && has(client, name)) names.add(name);
      if (names.size === most) return [...names];
    }
    at = Object.getPrototypeOf(at) as object | null;
  }
  return [...names];
};
