import type { DynamicModule, INestApplication, NestApplicationOptions } from '@nestjs/common';

/** What a subject adds to the app in `main.ts`, as its documentation says. */
export interface Wiring {
  readonly imports?: NonNullable<DynamicModule['imports']>;
  readonly options?: NestApplicationOptions;
  /** After the app is created, before it listens. */
  prepare?(app: INestApplication): void;
  /** Makes the decorator that gives a method a span. */
  readonly span?: () => MethodDecorator;
}

/** Resolves when all spans that have ended are acknowledged; a preloaded file or a wiring puts it there. */
export const FLUSH = Symbol.for('nestlens.bench.flush');

export const flush = async (): Promise<void> => {
  const found = (globalThis as { [FLUSH]?: () => Promise<unknown> })[FLUSH];
  await found?.();
};
