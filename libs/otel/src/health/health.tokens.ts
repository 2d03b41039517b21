/** Injection token of the resolved {@link HealthSettings}. */
export const HEALTH_SETTINGS = Symbol('nestlens.otel.health.settings');
