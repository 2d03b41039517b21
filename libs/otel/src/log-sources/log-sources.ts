import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { globalProviders } from '../late-bound/globals.js';
import { FLUSH_STEPS, ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import {
  emitEarlyLines,
  isBuffering,
  isChosen,
  keepsEarlyLines,
  takeEarlyLines,
} from '../logging/early-lines.js';
import type { LoggerSettings } from '../options/otel.config.js';
import { LOGGER_SETTINGS } from '../logging/otel-logger.js';
import { Inventory } from '../report/inventory.js';
import { apiLogsOwner, installApiLogs, removeApiLogs } from './api-logs.js';
import { nestLoggerFact } from './nest-logger.js';
import type { NestLoggerFact } from './nest-logger.js';
import { capturePino } from './pino-capture.js';
import { WHY_OLD_PINO, silentPinos } from './pino-versions.js';

const LOST = 'are not sent: NestFactory.create(AppModule, { bufferLogs: true }) keeps them for it';
const HELD =
  'bufferLogs holds its lines until app.useLogger() or app.flushLogs(); app.useLogger(app.get(OtelLogger)) sends them';

// One place for all apps of the process: the last to end takes the provider back.
let apps = 0;

/**
 * Sends the lines of other loggers through the pipeline, from its start until the flush, and reports the loggers it
 * found.
 */
@Injectable()
export class LogSources implements OnModuleInit {
  readonly #settings: LoggerSettings;
  readonly #inventory: Inventory;
  readonly #stopPino: () => void;
  readonly #printsUnheard: boolean;
  #later: NodeJS.Immediate | undefined;
  #stopped = false;

  constructor(
    @Inject(LOGGER_SETTINGS) settings: LoggerSettings,
    inventory: Inventory,
    phases: ShutdownPhases,
  ) {
    this.#settings = settings;
    this.#inventory = inventory;
    this.#printsUnheard = !isBuffering() && !keepsEarlyLines() && this.fact().kind === 'not-sent';
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
      const left = emitEarlyLines();
      if (this.#printsUnheard || left > 0) {
        const which = left > 0 ? `${left} lines` : 'the lines';
        this.#inventory.leftOut('Nest logger at start', `${which} before app.useLogger() ${LOST}`);
      }
    } else if (isBuffering() && !isChosen()) {
      this.#inventory.leftOut('Nest logger', HELD);
    } else if (fact.kind === 'not-sent') {
      this.#inventory.leftOut(
        'Nest logger',
        `the lines of ${fact.logger} are not sent: ${fact.why}`,
      );
    } else {
      this.#inventory.leftOut('Nest logger', fact.why);
    }
    // A context without a server is initialised before its `main.ts` can choose a logger.
    if (fact.kind !== 'sent') this.#later ??= setImmediate(() => this.#lateChoice());
    // Beside Nest's logger: pino-http, or an instance of the app's own.
    const silent = this.#capturesPino ? silentPinos() : [];
    if (silent.length > 0) {
      this.#inventory.leftOut(
        'pino',
        `the lines of ${silent.join(', ')} are not sent: ${WHY_OLD_PINO}`,
      );
    }
    const owner = apiLogsOwner();
    if (this.#settings.emit && owner.kind === 'other') {
      this.#inventory.leftOut(
        '@opentelemetry/api-logs',
        `${owner.name} was registered first: records of those who log through it go there`,
      );
    }
  }

  #lateChoice(): void {
    this.#later = undefined;
    if (this.fact().kind === 'sent') emitEarlyLines();
    else takeEarlyLines();
  }

  /** Which logger Nest uses now, and whether its lines are sent. */
  fact(): NestLoggerFact {
    return nestLoggerFact(this.#settings.emit, this.#capturesPino);
  }

  /** Safe twice. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    // Later lines, and those of a start that failed before, are of the app that starts now.
    if (this.#later !== undefined) {
      clearImmediate(this.#later);
      takeEarlyLines();
    }
    this.#stopPino();
    apps -= 1;
    if (apps === 0) removeApiLogs();
  }

  get #capturesPino(): boolean {
    return this.#settings.emit && this.#settings.pino !== false;
  }
}
