import type { LoggerProvider } from '@opentelemetry/api';
import { ownerName } from '../api/slot-owner.js';
import type { SlotOwner } from '../api/slot-owner.js';
import { attempt } from '../exceptions/error-like.js';

/**
 * The key under which all versions of `@opentelemetry/api-logs` find the provider (run: 0.50.0, 0.57.2, 0.205.0,
 * 0.223.1).
 */
const KEY = Symbol.for('io.opentelemetry.js.api.logs');
/** The API asks with its own number. With any other number a caller gets its own no-op. */
const COMPATIBLE = 1;

type Getter = (version: number) => LoggerProvider | undefined;
const holder = globalThis as { [KEY]?: Getter };

const ours = new WeakSet<Getter>();

/** Whose provider the users of `@opentelemetry/api-logs` get. */
export const apiLogsOwner = (): SlotOwner => {
  const getter = holder[KEY];
  if (getter === undefined) return { kind: 'nobody' };
  if (ours.has(getter)) return { kind: 'ours' };
  return { kind: 'other', name: ownerName(attempt(() => getter(COMPATIBLE))) };
};

/** Registers `provider` with `@opentelemetry/api-logs`, unless another provider is registered. Safe to repeat. */
export const installApiLogs = (provider: LoggerProvider): SlotOwner => {
  if (holder[KEY] === undefined) {
    const getter: Getter = (version) => (version === COMPATIBLE ? provider : undefined);
    ours.add(getter);
    holder[KEY] = getter;
  }
  return apiLogsOwner();
};

/** Undoes {@link installApiLogs}. A foreign provider stays. */
export const removeApiLogs = (): void => {
  if (apiLogsOwner().kind === 'ours') delete holder[KEY];
};
