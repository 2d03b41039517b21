import { CollectorHealth } from './collector-health.js';
import { DeclaredDatabases } from './declared-databases.js';
import { HealthChanges } from './health-changes.js';
import { HealthGroups } from './health-groups.js';
import { HealthProbes } from './health-probes.js';
import { HealthRegistry } from './health-registry.js';
import { Readiness } from './readiness.js';

/** Needs `OTEL_ENGINE`, {@link HEALTH_SETTINGS}, and the management and lifecycle rooms. */
export const HEALTH_PROVIDERS = [
  HealthRegistry,
  Readiness,
  HealthProbes,
  HealthChanges,
  DeclaredDatabases,
  CollectorHealth,
  HealthGroups,
];
