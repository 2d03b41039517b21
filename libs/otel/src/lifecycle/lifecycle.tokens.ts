/** Injection token of the resolved {@link ShutdownConfig}. */
export const SHUTDOWN_SETTINGS = Symbol('nestlens.otel.shutdown.settings');
