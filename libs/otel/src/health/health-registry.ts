import { Inject, Injectable } from '@nestjs/common';
import { systemClock } from '@nestlens/otlp';
import { HealthError } from '../options/health-error.js';
import { warnOfFault } from '../faults/fault-log.js';
import { HealthQuestion } from './health-question.js';
import type { IndicatorReport } from './health-question.js';
import type { HealthConfig } from '../options/otel.config.js';
import type { HealthIndicator, HealthState } from '../options/health-indicator.js';

/** Injection token of the resolved {@link HealthConfig}. */
export const HEALTH_SETTINGS = Symbol('nestlens.otel.health.settings');

/** The overall readiness: `error` if an indicator is down, `degraded` if one is degraded. */
export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'error';
  readonly indicators: Readonly<Record<string, IndicatorReport>>;
}

/** The indicators that a report asks. */
export interface HealthSelection {
  /** Names of indicators. Default: all of them. Unknown names are ignored. */
  readonly include?: readonly string[] | undefined;
  /** Names of indicators that are left out. Default: none. Unknown names are ignored. */
  readonly exclude?: readonly string[];
}

/** An indicator answers differently from its answer before. */
export interface HealthChange {
  readonly indicator: string;
  /** Undefined for its first answer. */
  readonly from: HealthState | undefined;
  readonly to: HealthState;
  /** The indicator's message or reason, without secrets; undefined where it gave none. */
  readonly reason: string | undefined;
}

interface Registered {
  readonly question: HealthQuestion;
  shown: HealthState | undefined;
}

const NAME = /^[A-Za-z0-9][\w.:-]{0,63}$/;
const UNNAMEABLE = new Set(['constructor', 'prototype']);

const textOr = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** The health questions of an app, which `/readyz` asks. Inject it to add your own. */
@Injectable()
export class HealthRegistry {
  readonly #settings: HealthConfig;
  readonly #indicators = new Map<string, Registered>();
  readonly #listeners = new Set<(change: HealthChange) => void>();

  constructor(@Inject(HEALTH_SETTINGS) settings: HealthConfig) {
    this.#settings = settings;
    for (const indicator of settings.indicators) this.register(indicator);
  }

  /**
   * Adds an indicator; call it from a constructor or `onModuleInit`.
   *
   * @returns a function that removes it.
   * @throws HealthError when the name is taken or cannot be a key.
   */
  register(indicator: HealthIndicator): () => void {
    const { name } = indicator;
    if (!NAME.test(name) || UNNAMEABLE.has(name)) {
      throw new HealthError(
        'NESTLENS_HEALTH_NAME',
        `A health indicator cannot be named "${name}". ` +
          'Use 1 to 64 letters, digits and _ . : - after a letter or digit.',
      );
    }
    if (this.#indicators.has(name)) {
      throw new HealthError(
        'NESTLENS_HEALTH_NAME',
        `Two health indicators are named "${name}". Give one of them another name.`,
      );
    }
    const question = new HealthQuestion(indicator, this.#settings, systemClock);
    const registered: Registered = { question, shown: undefined };
    this.#indicators.set(name, registered);
    return () => {
      if (this.#indicators.get(name) === registered) this.#indicators.delete(name);
    };
  }

  /**
   * Asks the selected indicators at once. Default: all. Never rejects, and takes no longer than `health.answerMs`. A check
   * that takes longer goes on, and the report has the finding before it.
   */
  async report({ include, exclude = [] }: HealthSelection = {}): Promise<HealthReport> {
    const asked = [...this.#indicators].filter(
      ([name]) => !exclude.includes(name) && include?.includes(name) !== false,
    );
    const indicators = Object.fromEntries(
      await Promise.all(
        asked.map(async ([name, registered]) => {
          const report = await registered.question.ask();
          this.#compare(name, registered, report);
          return [name, report];
        }),
      ),
    ) as Record<string, IndicatorReport>;
    const states = new Set(Object.values(indicators).map(({ status }) => status));
    const status = states.has('down') ? 'error' : states.has('degraded') ? 'degraded' : 'ok';
    return { status, indicators };
  }

  /** The names of all indicators, in the order in which they were registered. */
  names(): readonly string[] {
    return [...this.#indicators.keys()];
  }

  /** The state of each indicator in the latest report; those that no report asked yet are missing. */
  states(): Readonly<Record<string, HealthState>> {
    const states: Record<string, HealthState> = {};
    for (const [name, { shown }] of this.#indicators) if (shown !== undefined) states[name] = shown;
    return states;
  }

  /**
   * Calls `listener` when a report shows another state of an indicator than the report before, and for the first state of
   * each. What it throws is reported, never passed on.
   *
   * @returns a function that removes the listener.
   */
  onChange(listener: (change: HealthChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #compare(indicator: string, registered: Registered, report: IndicatorReport): void {
    const from = registered.shown;
    const to = report.status;
    if (from === to) return;
    registered.shown = to;
    const reason = textOr(report['message']) ?? textOr(report['reason']);
    for (const listener of this.#listeners) {
      try {
        listener({ indicator, from, to, reason });
      } catch (error) {
        warnOfFault('A listener of health changes failed', error);
      }
    }
  }
}
