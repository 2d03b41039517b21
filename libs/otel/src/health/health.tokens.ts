/** Injection token of the resolved {@link HealthConfig}. */
export const HEALTH_SETTINGS = Symbol('nestlens.otel.health.settings');
