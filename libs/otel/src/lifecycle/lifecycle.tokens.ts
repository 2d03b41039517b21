/** Injection token of the resolved {@link ShutdownSettings}. */
export const SHUTDOWN_SETTINGS = Symbol('nestlens.otel.shutdown.settings');
