const isPlain = (value: object): boolean =>
  Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;

/** Every object that an app gave. These objects belong to the app, which may change them. */
const objectsIn = (given: unknown, found = new Set<unknown>()): ReadonlySet<unknown> => {
  if (typeof given !== 'object' || given === null || found.has(given)) return found;
  found.add(given);
  if (isPlain(given)) for (const part of Object.values(given)) objectsIn(part, found);
  return found;
};

const freeze = (value: unknown, ofApp: ReadonlySet<unknown>): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (ofApp.has(value) || !isPlain(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part, ofApp);
};

/**
 * Freezes plain objects and arrays of `value` at every depth, except objects of `given`: a processor may be a plain
 * object that counts.
 */
export const frozen = <T>(value: T, given: unknown): T => {
  freeze(value, objectsIn(given));
  return value;
};
