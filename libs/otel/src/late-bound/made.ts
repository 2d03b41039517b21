import type { Span } from '@opentelemetry/api';
import { isLeftOut } from '../tracer/own-span.js';

/**
 * Counts the items of each signal that an app has made, at the place where they are made. The self-check compares them
 * with the items that the export engine got.
 */
export class Made {
  traces = 0;
  metrics = 0;
  logs = 0;

  /** A request or call has ended, and was measured. Its span counts unless a sampler has left it out. */
  work(span: Span): void {
    this.metrics += 1;
    if (!isLeftOut(span)) this.traces += 1;
  }

  record(): void {
    this.logs += 1;
  }
}
