import { strict as assert } from 'node:assert';
import { inspect } from 'node:util';
import type { OtelModuleOptions } from '@nestlens/otel';
import { trace } from '@opentelemetry/api';
import { leakCheck } from '../leak-check.js';
import { ScriptedOtlpServer } from '../otlp-server.js';
import { fail, installContract, within } from './contract.js';
import type { ContractCase } from './contract.js';

/** The parts of a Nest application that the contract uses. */
export interface NestApp {
  /** Returns the provider of the token. */
  get<T>(token: unknown, options: { strict: false }): T;
  /** Shuts the application down. */
  close(): Promise<void>;
}

/** Makes an initialised application that imports the module with these options, in one of the ways. */
export type AppFactory = (options: OtelModuleOptions) => Promise<NestApp>;

/** The ways to import the module, all of which must have the same result. */
export interface ModuleContractOptions {
  /** Ways by name: `forRoot`, and those that must equal it, such as `forRootAsync useFactory`. */
  readonly ways: { readonly forRoot: AppFactory } & Readonly<Record<string, AppFactory>>;
  /** Injection token of the resolved configuration. */
  readonly config: unknown;
  /** `ModulesContainer` of `@nestjs/core`. */
  readonly modules: unknown;
  /** Class name of the module. */
  readonly moduleName: string;
}

/** The part of Nest's modules container that the contract reads. */
type Modules = ReadonlyMap<string, { readonly name: string; readonly isGlobal: boolean }>;

const LIMIT_MS = 15_000;

/**
 * The contract of a dynamic module that can be imported in several ways. Each way leads to the same
 * configuration and the same global module, spans arrive, and closing the app releases everything.
 */
export const moduleContract = (name: string, options: ModuleContractOptions): void =>
  installContract(`${name}: ways to import it`, moduleCases(options));

/** @internal The cases without a test runner. */
export const moduleCases = (options: ModuleContractOptions): readonly ContractCase[] =>
  Object.entries(options.ways).flatMap(([way, create]) => [
    {
      name: `${way} resolves the configuration of forRoot`,
      run: () =>
        withServer(async (server) => {
          const configOf = (app: NestApp) => app.get<unknown>(options.config, { strict: false });
          const found = await ask(create, server, configOf);
          const reference = await ask(options.ways.forRoot, server, configOf);
          assert.equal(print(found), print(reference));
        }),
    },
    {
      name: `${way} makes one global module`,
      run: () =>
        withServer(async (server) => {
          const made = await ask(create, server, (app) =>
            [...app.get<Modules>(options.modules, { strict: false }).values()]
              .filter((module) => module.name === options.moduleName)
              .map(({ isGlobal }) => isGlobal),
          );
          assert.equal(print(made), print([true]));
        }),
    },
    {
      name: `${way} delivers spans before close() resolves, and releases the API's globals`,
      run: () =>
        withServer(async (server) => {
          await ask(create, server, () => {
            trace.getTracer('contract').startSpan(way).end();
          });
          const [span] = server.spans().filter(({ scope }) => scope.name === 'contract');
          if (span === undefined) return fail(`no span arrived`);
          assert.equal(span.name, way);
          assert.equal(span.resource.attributes['service.name'], 'contract');
          assert.equal(trace.getTracer('contract').startSpan('after').isRecording(), false);
        }),
    },
  ]);

const withServer = async (run: (server: ScriptedOtlpServer) => Promise<void>): Promise<void> => {
  const check = leakCheck();
  const server = await ScriptedOtlpServer.start();
  try {
    await within(LIMIT_MS, 'the case', run(server));
  } finally {
    await server.close();
  }
  await check.settled();
};

const ask = async <T>(
  create: AppFactory,
  server: ScriptedOtlpServer,
  question: (app: NestApp) => T,
): Promise<T> => {
  const app = await create({
    service: { name: 'contract', instanceId: 'contract-1' },
    otlp: { protocol: 'grpc', endpoint: server.grpcUrl, timeoutMs: 2000 },
    traces: { sampler: 'always_on', batch: { delayMs: 60_000 } },
    resource: { detectors: [] },
    diagnostics: { startupReport: false },
  });
  try {
    return question(app);
  } finally {
    await app.close();
  }
};

const print = (value: unknown): string => inspect(value, { depth: null, sorted: true });
