import type { Signal } from '../wire/model.js';

export interface SignalAccount {
  readonly created: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly queued: number;
}

export class Account {
  readonly #of = {
    traces: { created: 0, accepted: 0, rejected: 0, dropped: {} as Record<string, number> },
    metrics: { created: 0, accepted: 0, rejected: 0, dropped: {} as Record<string, number> },
    logs: { created: 0, accepted: 0, rejected: 0, dropped: {} as Record<string, number> },
  };

  created(signal: Signal, items: number): void {
    this.#of[signal].created += items;
  }

  accepted(signal: Signal, items: number): void {
    this.#of[signal].accepted += items;
  }

  rejected(signal: Signal, _reason: string, items: number): void {
    this.#of[signal].rejected += items;
  }

  dropped(signal: Signal, reason: string, items: number): void {
    const { dropped } = this.#of[signal];
    dropped[reason] = (dropped[reason] ?? 0) + items;
  }

  of(signal: Signal): SignalAccount {
    const { created, accepted, rejected, dropped } = this.#of[signal];
    const gone = Object.values(dropped).reduce((sum, items) => sum + items, 0);
    return {
      created,
      accepted,
      rejected,
      dropped: { ...dropped },
      queued: created - accepted - rejected - gone,
    };
  }
}
