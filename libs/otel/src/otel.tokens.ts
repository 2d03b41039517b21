/** Injection token of the frozen {@link OtelConfig}. */
export const OTEL_CONFIG = Symbol('nestlens.otel.config');
/** Injection token of the running {@link ExportEngine}. */
export const OTEL_ENGINE = Symbol('nestlens.otel.engine');
