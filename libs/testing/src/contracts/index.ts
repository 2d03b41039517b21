/**
 * Suites for every implementation of a part, in this project or in yours.
 *
 * @module @nestlens/testing/contracts
 */

export { exportEngineContract } from './export-engine.contract.js';
export type {
  EngineContractOptions,
  EngineDestination,
  EngineFactory,
  EngineOptions,
  EngineProtocol,
} from './export-engine.contract.js';
export { lifecycleContract } from './lifecycle.contract.js';
export type {
  Lifecycle,
  LifecycleContractOptions,
  LifecycleFactory,
  LifecycleSubject,
} from './lifecycle.contract.js';
export { moduleContract } from './module.contract.js';
export type { AppFactory, ModuleContractOptions, NestApp } from './module.contract.js';
export { tracerContract } from './tracer.contract.js';
export type { ContractProvider, TracerProviderFactory } from './tracer-bench.js';
