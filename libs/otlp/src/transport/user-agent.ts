/** Name and version of this package, and of the OTLP exporter whose behaviour on the wire it follows. */
export const USER_AGENT = 'Nestlens-OTLP/0.1.0 OTel-OTLP-Exporter-JavaScript/0.301.0';
