import { Inject, Injectable } from '@nestjs/common';
import { OTEL_ENGINE } from '../engine/engine.js';
import type { ExportEngine } from '../engine/engine.js';
import { SelfCheck } from '../selfcheck/self-check.js';
import { HEALTH_SETTINGS, HealthRegistry } from './health-registry.js';
import type { HealthConfig } from '../options/otel.config.js';
import { otlpIndicator } from './otlp-indicator.js';

/** Adds the `otlp` indicator, unless `health.otlp` is false or nothing is sent anywhere. */
@Injectable()
export class CollectorHealth {
  constructor(
    @Inject(HEALTH_SETTINGS) settings: HealthConfig,
    @Inject(OTEL_ENGINE) engine: ExportEngine,
    registry: HealthRegistry,
    check: SelfCheck,
  ) {
    if (!settings.otlp || engine.destinations.length === 0) return;
    // Half of the time-box, so that it answers before it is cut off.
    const connectMs = Math.min(500, Math.ceil(settings.timeoutMs / 2));
    registry.register(
      otlpIndicator(engine, { connectMs, silence: (signal) => check.silence(signal) }),
    );
  }
}
