import type { Clock } from '@nestlens/otlp';
import type { Signal } from '@nestlens/otlp';
import type { EngineStatus } from '../engine/engine.js';
import { judge } from './judge.js';
import type { Judgement, SignalFacts } from './judge.js';

/** The interval between checks of the signals that have not flowed yet, in ms. */
const LOOK_EVERY_MS = 5000;

interface SelfCheckOptions {
  /** The number of items of each signal that were made so far. */
  readonly made: Readonly<Record<Signal, number>>;
  readonly status: () => EngineStatus;
  /** The signals that go to a collector, and how long each may take. */
  readonly patience: Readonly<Partial<Record<Signal, SignalFacts['patience']>>>;
  /** The likely cause of a silent signal, and advice, in one sentence. */
  readonly causeOf: (signal: Signal, judgement: Silent) => string;
  readonly warn: (line: string) => void;
  readonly clock: Clock;
}

/** A judgement that must be reported. */
export type Silent = Extract<Judgement, { readonly kind: 'lost-on-the-way' | 'held' }>;

const isSilent = (judgement: Judgement | undefined): judgement is Silent =>
  judgement?.kind === 'lost-on-the-way' || judgement?.kind === 'held';

const NOUN: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  metrics: 'measurements',
  logs: 'log records',
};

/**
 * Compares the items of the app with those that the export engine got and sent, signal by signal, until an export of the
 * signal has ended. Warns once of a signal that stays silent, and says so when it flows after all.
 */
export class SelfCheck {
  readonly #options: SelfCheckOptions;
  readonly #startedAt: number;
  readonly #madeSince = new Map<Signal, number>();
  readonly #judged = new Map<Signal, Judgement>();
  #cancel: () => void = () => {};

  constructor(options: SelfCheckOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#later();
  }

  /** Why `signal` is silent, in one sentence; `undefined` while nothing speaks for it. */
  silence(signal: Signal): string | undefined {
    const judgement = this.#judged.get(signal);
    return isSilent(judgement) ? this.#sentence(signal, judgement) : undefined;
  }

  /** Signals that are looked after. */
  get signals(): readonly Signal[] {
    return Object.keys(this.#options.patience) as Signal[];
  }

  /** Safe twice. */
  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  #later(): void {
    this.#cancel = this.#options.clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #look(): void {
    const status = this.#options.status();
    for (const signal of this.signals) this.#lookAt(signal, status);
    const isOver = this.signals.every((signal) => this.#judged.get(signal)?.kind === 'flowing');
    if (!isOver) this.#later();
  }

  #lookAt(signal: Signal, status: EngineStatus): void {
    const before = this.#judged.get(signal);
    const patience = this.#options.patience[signal];
    if (before?.kind === 'flowing' || patience === undefined) return;
    const now = this.#options.clock.now();
    const made = this.#options.made[signal];
    if (made > 0 && !this.#madeSince.has(signal)) this.#madeSince.set(signal, now);
    const sinceMadeMs = now - (this.#madeSince.get(signal) ?? this.#startedAt);
    const judgement = judge({ made, status: status[signal], sinceMadeMs, patience });
    this.#judged.set(signal, judgement);
    if (isSilent(judgement) && !isSilent(before)) {
      this.#options.warn(this.#sentence(signal, judgement));
    }
    if (isSilent(before) && judgement.kind === 'flowing') {
      this.#options.warn(`${signal}: an export has ended after all; see /readyz for its outcome`);
    }
  }

  #sentence(signal: Signal, judgement: Silent): string {
    const what =
      judgement.kind === 'held'
        ? `${judgement.items} ${NOUN[signal]} wait in the export engine and no export has ended`
        : `${judgement.made} ${NOUN[signal]} were made and none came to the export engine`;
    return `${signal} are silent: ${what}. ${this.#options.causeOf(signal, judgement)}`;
  }
}
