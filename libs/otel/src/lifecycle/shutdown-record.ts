import { Logger } from '@nestjs/common';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Span, Tracer } from '@opentelemetry/api';
import type { PhaseReport } from './phase-run.js';

export const SHUTDOWN_SPAN = 'nestjs.shutdown';
const SHUTDOWN_PHASE_EVENT = 'nestjs.shutdown.phase';

const logger = new Logger('Shutdown');

/** The user's span processors and logger are called here, and must not be able to stop a shutdown. */
const safely = (tell: () => void): void => {
  try {
    tell();
  } catch {
    // No listener is left to report to.
  }
};

/** Records one shutdown: a span with an event per phase, a warning per trouble, and one line at the end. */
export class ShutdownRecord {
  readonly #start = performance.now();
  readonly #phases: PhaseReport[] = [];
  #span: Span | undefined;

  /** `tracer`: that of the app which ends, since the span is in no context of a request. */
  constructor(tracer: Tracer) {
    // With `bufferLogs` Nest keeps all lines until the app listens, which it may never do.
    safely(() => Logger.flush());
    safely(() => {
      this.#span = tracer.startSpan(
        SHUTDOWN_SPAN,
        { kind: SpanKind.INTERNAL, root: true },
        ROOT_CONTEXT,
      );
    });
  }

  get phases(): readonly PhaseReport[] {
    return this.#phases;
  }

  /** While a drain keeps the process for seconds, the log should say so. */
  draining(ms: number): void {
    if (ms > 0) safely(() => logger.log(`Not ready any more; serving for another ${ms} ms`));
  }

  add(report: PhaseReport): void {
    this.#phases.push(report);
    safely(() => {
      this.#span?.addEvent(SHUTDOWN_PHASE_EVENT, {
        'nestjs.shutdown.phase': report.phase,
        'nestjs.shutdown.duration_ms': report.ms,
        'nestjs.shutdown.outcome': report.outcome,
        'nestjs.shutdown.left': [...report.left],
      });
    });
    if (report.outcome === 'done') return;
    safely(() =>
      logger.warn(`Phase ${report.phase} ${report.outcome} after ${report.ms} ms${leftOf(report)}`),
    );
  }

  /** Before `flush`, so that the span itself is sent. */
  endSpan(): void {
    safely(() => {
      const trouble = this.#phases.find((report) => report.outcome !== 'done');
      if (trouble) {
        const message = `${trouble.phase} ${trouble.outcome}`;
        this.#span?.setStatus({ code: SpanStatusCode.ERROR, message });
      }
      this.#span?.end();
      this.#span = undefined;
    });
  }

  summary(): void {
    const took = this.#phases.map((report) => `${report.phase} ${report.ms}`).join(', ');
    const left = this.#phases.flatMap((report) => report.left);
    const total = Math.round(performance.now() - this.#start);
    const tail = left.length > 0 ? `; left: ${left.join('; ')}` : '; nothing left';
    safely(() => logger.log(`Shutdown took ${total} ms (${took})${tail}`));
  }
}

const leftOf = (report: PhaseReport): string =>
  report.left.length > 0 ? `: ${report.left.join('; ')}` : '';
