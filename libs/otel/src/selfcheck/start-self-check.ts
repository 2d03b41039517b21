import { Logger } from '@nestjs/common';
import { systemClock } from '@nestlens/otlp';
import type { Signal } from '@nestlens/otlp';
import type { ExportEngine } from '../engine/engine.js';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';
import type { OtelConfig } from '../options/otel.config.js';
import { SCOPE_NAME } from '../late-bound/own-telemetry.js';
import { VERSION } from '../late-bound/version.js';
import type { SignalFacts } from './judge.js';
import { SelfCheck } from './self-check.js';
import { likelyCause } from './likely-cause.js';

/** The time for a busy loop: a span arrives in the engine without a pause after its end. */
const ARRIVAL_MS = 5000;

const patienceOf = (config: OtelConfig, signal: Signal): SignalFacts['patience'] => {
  const gathered =
    signal === 'metrics'
      ? config.metrics.intervalMs
      : Math.max(config[signal].batch.delayMs, config.otlp.pipeline.sealAfterMs);
  const arrivalMs = ARRIVAL_MS + (signal === 'metrics' ? gathered : 0);
  return { arrivalMs, answerMs: ARRIVAL_MS + gathered + config.otlp[signal].timeoutMs };
};

/**
 * A check for the app that holds it, over all signals that go to a collector. It compares counts every few seconds
 * until an export of each signal has ended, and reports by a warning, by the indicator `otlp` and by a metric.
 */
export const startSelfCheck = (
  config: OtelConfig,
  engine: ExportEngine,
  app: AppTelemetry,
): SelfCheck => {
  // Those of the runtime are measured from the start.
  if (config.metrics.runtime) app.made.metrics += 1;
  const sent = config.disabled ? [] : engine.destinations.map(({ signal }) => signal);
  const urls = new Map(engine.destinations.map(({ signal, url }) => [signal, url]));
  const logger = new Logger('OtelModule');
  const check = new SelfCheck({
    made: app.made,
    status: () => engine.status(),
    patience: Object.fromEntries(sent.map((signal) => [signal, patienceOf(config, signal)])),
    causeOf: (signal, judgement) => likelyCause(config, signal, judgement, urls.get(signal) ?? ''),
    warn: (line) => logger.warn(line),
    clock: systemClock,
  });
  app.onEnd(() => check.stop());
  const { self } = config.metrics;
  if (self === 'off') return check;
  const gauge = app.meters
    .getMeter(SCOPE_NAME, VERSION)
    .createObservableGauge('nestlens.telemetry.silent', {
      description: '1 if the app makes telemetry of the signal and none of it is sent, else 0.',
      unit: '1',
    });
  // An alert asks for 1: a signal that was never silent needs no series.
  const told = new Set<Signal>(self === 'detailed' ? check.signals : []);
  gauge.addCallback((result) => {
    for (const signal of check.signals) {
      const isSilent = check.silence(signal) !== undefined;
      if (isSilent) told.add(signal);
      if (told.has(signal)) result.observe(isSilent ? 1 : 0, { 'nestlens.otlp.signal': signal });
    }
  });
  return check;
};
