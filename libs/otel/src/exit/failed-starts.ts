import { Logger } from '@nestjs/common';
import { ApplicationConfig, ModuleRef } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import { guarded } from '../faults/fault-log.js';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';
import type { ServiceState } from '../lifecycle/service-state.js';
import { ShutdownHooks } from '../lifecycle/shutdown-hooks.js';

type NestModule = ModulesContainer extends Map<string, infer Value> ? Value : never;
type Wrapper = NestModule['providers'] extends Map<unknown, infer Value> ? Value : never;

interface Start {
  readonly app: AppTelemetry;
  readonly modules: ModulesContainer;
  readonly state: Pick<ServiceState, 'name'>;
  /** Nest has come to the hooks. */
  isCreated: boolean;
}

/** The hooks of a close, in the order in which Nest calls them. */
const HOOKS = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'] as const;

const open = new Set<Start>();

/**
 * If a provider, a hook or a port makes a start fail, Nest calls no more hooks, and the program may catch the error and
 * start again in the same process. So the next start of the same app ends the rest of the failed start. Otherwise
 * requests would be recorded twice, and threads and listeners would gather. Two apps are the same if they have the same
 * root module. An app that was created with all its providers, and did not start yet, may still be used, so it is left
 * alone.
 */
export const startBegins = (
  app: AppTelemetry,
  modules: ModulesContainer,
  state: Pick<ServiceState, 'name'>,
): void => {
  for (const start of open) {
    if (start.state.name === 'starting' && !hasFailed(start, modules)) continue;
    open.delete(start);
    if (start.state.name === 'starting') void close(start);
  }
  const start = { app, modules, state, isCreated: false };
  open.add(start);
  app.onEnd(() => open.delete(start));
};

/** All providers of the app exist now, and Nest calls its hooks. */
export const startGoesOn = (app: AppTelemetry): void => {
  for (const start of open) if (start.app === app) start.isCreated = true;
};

const hasFailed = ({ modules, isCreated }: Start, ofNext: ModulesContainer): boolean => {
  const next = rootsOf(ofNext);
  if (!rootsOf(modules).some((root) => next.includes(root))) return false;
  return isCreated || [...modules.values()].some(({ providers }) => isIncomplete(providers));
};

/** The root module. A testing module has a root of its own each time, so the modules that it imports show the app. */
const rootsOf = (modules: ModulesContainer): readonly unknown[] => {
  const root = [...modules.values()].find(({ metatype }) => metatype.name !== 'InternalCoreModule');
  if (root === undefined) return [];
  if (root.metatype.name !== 'RootTestModule') return [root.metatype];
  const imported = [...root.imports].filter(({ isGlobal }) => !isGlobal);
  return imported.map(({ metatype }) => metatype);
};

const isIncomplete = (providers: NestModule['providers']): boolean =>
  [...providers.values()].some(
    (wrapper) => !wrapper.isTransient && wrapper.isDependencyTreeStatic() && !isMade(wrapper),
  );

/**
 * An instance that Nest made has a time of initialisation. Values have none, and neither do the providers that Nest
 * adds to each module.
 */
const isMade = ({ initTime, metatype, token }: Wrapper): boolean =>
  initTime !== undefined || metatype === null || token === ModuleRef || token === ApplicationConfig;

/** Closes our part of the app as Nest would, in its order. */
const close = async ({ app, modules }: Start): Promise<void> => {
  // If the app's logger throws, the current start must go on, and the rest of the failed one must still end.
  guarded('A failed start cannot be told of', () =>
    new Logger('OtelModule').warn(
      `The start of "${app.service ?? 'unnamed'}" did not come to its end, and is made anew: what it has left is closed`,
    ),
  );
  const ours = [...modules.values()].find(({ providers }) => providers.has(ShutdownHooks));
  const instances = [...(ours?.providers.values() ?? [])]
    .filter(isMade)
    .map(({ instance }) => instance as Partial<Record<(typeof HOOKS)[number], unknown>> | null);
  for (const hook of HOOKS) {
    await Promise.allSettled(
      instances.map(async (instance) => {
        const run = instance?.[hook];
        if (typeof run === 'function') await run.call(instance);
      }),
    );
  }
};
