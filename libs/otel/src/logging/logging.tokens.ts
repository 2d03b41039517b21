/** Injection token of the frozen {@link LoggerSettings}. */
export const LOGGER_SETTINGS = Symbol('nestlens.otel.logger-settings');
