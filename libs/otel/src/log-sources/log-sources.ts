import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { globalProviders } from '../late-bound/globals.js';
import { FLUSH_STEPS, ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import type { LoggerSettings } from '../logging/logger-settings.js';
import { LOGGER_SETTINGS } from '../logging/logging.tokens.js';
import { Inventory } from '../report/inventory.js';
import { apiLogsOwner, installApiLogs, removeApiLogs } from './api-logs.js';
import { nestLoggerFact } from './nest-logger.js';
import type { NestLoggerFact } from './nest-logger.js';
import { capturePino } from './pino-capture.js';
import { WHY_OLD_PINO, silentPinos } from './pino-versions.js';

// One place for all apps of the process: the last to end takes the provider back.
let apps = 0;

/** Joins what logs beside OtelLogger to the pipeline, from its making until the flush, and tells what it found. */
@Injectable()
export class LogSources implements OnModuleInit {
  readonly #settings: LoggerSettings;
  readonly #inventory: Inventory;
  readonly #stopPino: () => void;
  #stopped = false;

  constructor(
    @Inject(LOGGER_SETTINGS) settings: LoggerSettings,
    inventory: Inventory,
    phases: ShutdownPhases,
  ) {
    this.#settings = settings;
    this.#inventory = inventory;
    apps += 1;
    installApiLogs(globalProviders.loggers);
    this.#stopPino = this.#capturesPino ? capturePino() : () => {};
    phases.register('flush', 'log sources', () => this.stop(), FLUSH_STEPS.close);
  }

  /** After `app.useLogger`, before the report. */
  onModuleInit(): void {
    const fact = this.fact();
    if (fact.kind === 'sent') {
      this.#inventory.instrumented('Nest logger', fact.logger);
    } else if (fact.kind === 'not-sent') {
      this.#inventory.leftOut(
        'Nest logger',
        `the lines of ${fact.logger} are not sent: ${fact.why}`,
      );
    } else {
      this.#inventory.leftOut('Nest logger', fact.why);
    }
    // Beside Nest's logger: pino-http, or an instance of the app's own.
    const silent = this.#capturesPino ? silentPinos() : [];
    if (silent.length > 0) {
      this.#inventory.leftOut(
        'pino',
        `the lines of ${silent.join(', ')} are not sent: ${WHY_OLD_PINO}`,
      );
    }
    if (this.#settings.emit && apiLogsOwner() === 'foreign') {
      this.#inventory.leftOut(
        '@opentelemetry/api-logs',
        'another SDK registered its logger provider first; its records go there',
      );
    }
  }

  /** Which logger Nest uses now, and whether its lines are sent. */
  fact(): NestLoggerFact {
    return nestLoggerFact(this.#settings.emit, this.#capturesPino);
  }

  /** Safe twice. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stopPino();
    apps -= 1;
    if (apps === 0) removeApiLogs();
  }

  get #capturesPino(): boolean {
    return this.#settings.emit && this.#settings.pino !== false;
  }
}
