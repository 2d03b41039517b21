import { Inject, Injectable } from '@nestjs/common';
import { HealthError } from '../options/health-error.js';
import { HealthQuestion } from './health-question.js';
import type { IndicatorReport } from './health-question.js';
import type { HealthConfig } from '../options/otel.config.js';
import type { HealthIndicator } from '../options/health-indicator.js';

/** Injection token of the resolved {@link HealthConfig}. */
export const HEALTH_SETTINGS = Symbol('nestlens.otel.health.settings');

/** The overall readiness: `error` if an indicator is down, `degraded` if one is degraded. */
export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'error';
  readonly indicators: Readonly<Record<string, IndicatorReport>>;
}

const NAME = /^[A-Za-z0-9][\w.:-]{0,63}$/;
const UNNAMEABLE = new Set(['constructor', 'prototype']);

/** The health questions of an app, which `/readyz` asks. Inject it to add your own. */
@Injectable()
export class HealthRegistry {
  readonly #settings: HealthConfig;
  readonly #questions = new Map<string, HealthQuestion>();

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
    if (this.#questions.has(name)) {
      throw new HealthError(
        'NESTLENS_HEALTH_NAME',
        `Two health indicators are named "${name}". Give one of them another name.`,
      );
    }
    const question = new HealthQuestion(indicator, this.#settings);
    this.#questions.set(name, question);
    return () => {
      if (this.#questions.get(name) === question) this.#questions.delete(name);
    };
  }

  /** Asks all at once. Never rejects, and takes no longer than `health.timeoutMs`. */
  async report(): Promise<HealthReport> {
    const questions = [...this.#questions];
    const indicators = Object.fromEntries(
      await Promise.all(questions.map(async ([name, question]) => [name, await question.ask()])),
    ) as Record<string, IndicatorReport>;
    const states = new Set(Object.values(indicators).map(({ status }) => status));
    const status = states.has('down') ? 'error' : states.has('degraded') ? 'degraded' : 'ok';
    return { status, indicators };
  }
}
