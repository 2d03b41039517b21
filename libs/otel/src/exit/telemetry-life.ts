import { writeSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import type { Logger as ApiLogger } from '@opentelemetry/api';
import { aside } from '../context/contexts.js';
import type { EngineStatus, ExportEngine } from '../engine/engine.js';
import type { ServiceState } from '../lifecycle/service-state.js';
import type { ShutdownConfig } from '../options/otel.config.js';
import type { OtelProviders } from '../providers/otel-providers.js';
import { SIGNALS } from '@nestlens/otlp';
import { hasLosses, shutdownReport } from '../report/shutdown-report.js';
import { recordFailedStart } from './crash-record.js';
import type { FlushedTelemetry, Life } from './lives.js';

interface TelemetryLifeOptions {
  readonly engine: ExportEngine;
  readonly providers: Pick<OtelProviders, 'flushTracesAndLogs' | 'flushMetrics'>;
  readonly state: Pick<ServiceState, 'name'>;
  readonly settings: Pick<ShutdownConfig, 'flushMs' | 'exitMs'>;
  /** Of the app, whichever else there are. */
  readonly logger: ApiLogger;
  readonly service: string;
  /** The start that goes on, if any, is that of this app: no later one, which this failed before. */
  readonly isFirst: () => boolean;
  /** Whether anything collects metrics. */
  readonly measures: boolean;
}

/** Ended spans and emitted records so far, wherever they are now. */
const made = ({ traces, logs }: EngineStatus): number =>
  [traces, logs].reduce((sum, { accepted, rejected, dropped, queued, spooled }) => {
    const lost = Object.values(dropped).reduce((all, count) => all + count, 0);
    return sum + accepted + rejected + lost + queued + spooled;
  }, 0);

/** One app's telemetry at the ends of its process. */
export class TelemetryLife implements Life {
  readonly #options: TelemetryLifeOptions;
  #collectedAt = performance.now();
  /** The count of made items when the last of them, metrics included, was sent because nothing was left to do. */
  #settled: number | undefined;
  #isSettling = false;
  #isOver = false;

  constructor(options: TelemetryLifeOptions) {
    this.#options = options;
  }

  async flush(
    signal: AbortSignal,
    until: 'deadline' | 'first-failure' = 'deadline',
  ): Promise<FlushedTelemetry> {
    const { engine, providers, service } = this.#options;
    await aside(async () => {
      // The metrics come last: they include the exporters' own figures of the first step.
      await providers.flushTracesAndLogs(signal, until);
      await providers.flushMetrics(signal, until);
    });
    this.#collectedAt = performance.now();
    const telemetry = engine.status();
    const isDone = SIGNALS.every((one) => telemetry[one].queued === 0);
    return { kind: isDone ? 'done' : 'deadline', service, telemetry };
  }

  settle(): void {
    const { engine, state } = this.#options;
    // A shutdown has its own order.
    if (this.#isSettling || (state.name !== 'starting' && state.name !== 'ready')) return;
    if (this.#settled === made(engine.status())) return;
    this.#isSettling = true;
    void this.#settle();
  }

  end(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { engine, state, settings, service } = this.#options;
    if (code !== 0 && state.name === 'starting' && this.#options.isFirst()) {
      recordFailedStart(this.#options.logger, code);
    }
    const before = made(engine.status());
    engine.exit(settings.exitMs);
    const status = engine.status();
    const left = {
      unendedSpans: engine.liveSpans(),
      ...(this.#measured(before) && { sinceCollectionMs: performance.now() - this.#collectedAt }),
    };
    const line = shutdownReport(service, status, left);
    // This line is no log record: nothing would send it.
    if (!hasLosses(status, left)) aside(() => new Logger('OtelModule').log(line));
    else this.#cry(line);
  }

  async #settle(): Promise<void> {
    const { engine, settings } = this.#options;
    const over = new AbortController();
    // Keeps the process until all is sent.
    const timer = setTimeout(() => over.abort(), settings.flushMs);
    // A collector that cannot be reached now is not waited for.
    await this.flush(over.signal, 'first-failure');
    clearTimeout(timer);
    // There is nothing more to do, whether the flush succeeded or not.
    this.#settled = made(engine.status());
    this.#isSettling = false;
  }

  /** Measurements are collected on the loop, which gets no turn any more. */
  #measured(count: number): boolean {
    return this.#options.measures && this.#settled !== count;
  }

  /** Console loggers may be off, or write later than the process lives. */
  #cry(line: string): void {
    try {
      writeSync(2, `${line}\n`);
    } catch {
      // A closed or full stderr.
    }
  }
}
