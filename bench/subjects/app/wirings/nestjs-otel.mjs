import { OpenTelemetryModule } from 'nestjs-otel';

export const wiring = { imports: [OpenTelemetryModule.forRoot()] };
