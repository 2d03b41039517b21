import { TerminusModule } from '@nestjs/terminus';
import { CollectorHealth } from './collector-health.js';
import { DeclaredDatabases } from './declared-databases.js';
import { HealthProbes } from './health-probes.js';
import { HealthRegistry } from './health-registry.js';

/**
 * Our own Terminus, apart from one that the app may import: silent, since a probe that fails every second is not to
 * be logged every second, and without a wait at shutdown, which has a phase of its own.
 */
export const HEALTH_IMPORTS = [
  TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: 0 }),
];

/** Needs {@link HEALTH_IMPORTS}, `OTEL_ENGINE`, {@link HEALTH_SETTINGS}, and the management and lifecycle rooms. */
export const HEALTH_PROVIDERS = [HealthRegistry, HealthProbes, DeclaredDatabases, CollectorHealth];
