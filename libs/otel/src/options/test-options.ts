import { Environment } from './environment.js';
import type { OtelConfig } from './otel.config.js';
import type { OtelModuleOptions } from './otel.options.js';
import { resolveConfig } from './resolve.js';

/**
 * Injection token of {@link TestOptions}, which `OtelTestingModule` of `@nestlens/testing` provides. In the registry of
 * symbols: that package knows it by its name and does not load this one.
 */
export const OTEL_TEST_OPTIONS = Symbol.for('nestlens.otel.test-options');

/** Changes the options of the app for a test. */
export type TestOptions = (given: OtelModuleOptions) => OtelModuleOptions;

/** Variables that name a destination of telemetry, or switch it off. */
const OF_EXPORT = /^OTEL_SDK_DISABLED$|^OTEL_EXPORTER_|^NESTLENS_OTLP_/;

/**
 * The configuration of an app under test, which does not depend on a collector that the machine of the test may name.
 * @throws OtelConfigError with every fault of the changed options.
 */
export const resolveTestConfig = (
  given: OtelModuleOptions | undefined,
  change: TestOptions,
): OtelConfig => {
  const { variables } = new Environment();
  const kept = Object.entries(variables).filter(([name]) => !OF_EXPORT.test(name));
  return resolveConfig(change(given ?? {}), Object.fromEntries(kept));
};
