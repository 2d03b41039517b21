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
    // Half of a probe's wait, so that the answer is there in time.
    const connectMs = Math.ceil(settings.answerMs / 2);
    registry.register(
      otlpIndicator(engine, { connectMs, silence: (signal) => check.silence(signal) }),
    );
  }
}
