import type { Operation } from '../layers/observe.js';
import type { PipelineStats } from './pipeline.js';
import type { FromWorker } from './worker-messages.js';

type Stats = Pick<PipelineStats, 'exporters' | 'spool' | 'last'>;

/** What the worker told last: of its exporters, its spool, and the end of the last operation of each signal. */
export class WorkerReport {
  #stats: Stats = { exporters: [], spool: undefined, last: {} };

  get stats(): Stats {
    return this.#stats;
  }

  state({ exporters, spool }: FromWorker & { readonly kind: 'state' }): void {
    this.#stats = { ...this.#stats, exporters, spool };
  }

  ended({ signal, outcome }: Operation): void {
    const last = { ...this.#stats.last, [signal]: { at: Date.now(), outcome } };
    this.#stats = { ...this.#stats, last };
  }
}
