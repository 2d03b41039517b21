import { OpenTelemetryModule, Span } from 'nestjs-otel';

export const wiring = { imports: [OpenTelemetryModule.forRoot()], span: () => Span() };
