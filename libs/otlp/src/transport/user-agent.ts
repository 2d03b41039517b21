import { OFFICIAL_EXPORTER_VERSION, VERSION } from './version.js';

/** Name and version of this package, and of the OTLP exporter whose behaviour on the wire it follows. */
export const USER_AGENT = `Nestlens-OTLP/${VERSION} OTel-OTLP-Exporter-JavaScript/${OFFICIAL_EXPORTER_VERSION}`;
