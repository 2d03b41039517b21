import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import { OtelConfigError } from './faults.js';
import { errorText } from '../secrets/masked-text.js';
import { Secret } from '../secrets/secret.js';

/** The parts of a source of options that name it. */
interface Source {
  readonly useFactory?: unknown;
  readonly useClass?: unknown;
  readonly useExisting?: unknown;
  readonly inject?: readonly unknown[];
}

const nameOf = (token: unknown): string => {
  if (typeof token === 'function') return token.name;
  if (typeof token === 'object' && token !== null && 'token' in token) return nameOf(token.token);
  return String(token);
};

const sourceName = ({ useClass, useExisting, inject = [] }: Source): string => {
  const named = useClass ?? useExisting;
  if (named !== undefined) return `forRootAsync(${nameOf(named)}.createOtelOptions)`;
  return `forRootAsync(useFactory of ${inject.map(nameOf).join(', ') || 'nothing injected'})`;
};

/**
 * A provider of options. If there are none, its error names the injected tokens. The provided object prints nothing of
 * itself, because options hold credentials.
 */
export const askedOptions = <T>(
  provider: FactoryProvider<T>,
  token: InjectionToken,
  source: Source,
): FactoryProvider<Secret<T>> => ({
  ...provider,
  provide: token,
  async useFactory(...injected: unknown[]) {
    let options: T;
    try {
      options = await provider.useFactory(...injected);
    } catch (error) {
      const remedy = `it threw: ${errorText(error)}`;
      throw new OtelConfigError([{ path: sourceName(source), found: undefined, remedy }], error);
    }
    if (options === undefined) {
      const remedy = 'it gave undefined; return an object of options, {} for none';
      throw new OtelConfigError([{ path: sourceName(source), found: undefined, remedy }]);
    }
    return new Secret(options);
  },
});
