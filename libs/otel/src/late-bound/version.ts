// Written by `npm run versions`. A constant, since a bundle and a worker have no package.json beside them.

/** The version of `@nestlens/otel`. */
export const VERSION = '0.1.0';
