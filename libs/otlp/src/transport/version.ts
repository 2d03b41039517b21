// Written by `npm run versions`. A constant, since a bundle and a worker have no package.json beside them.

/** The version of `@nestlens/otlp`. */
export const VERSION = '0.1.0';

/** The version of the official OTLP exporters whose behaviour on the wire this package follows. */
export const OFFICIAL_EXPORTER_VERSION = '0.301.0';
