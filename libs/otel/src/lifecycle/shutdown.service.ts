import { Injectable } from '@nestjs/common';
import { ShutdownPhases } from './shutdown-phases.js';
import type { HandledPhaseName, ShutdownHandler } from './shutdown-phases.js';

/**
 * Lets an app do its own work at the right moment of the ordered shutdown.
 *
 * `readiness-off` → `drain` → `stop-intake` → `in-flight` → Nest's hooks → `flush` → `exit`
 *
 * @example
 * shutdown.register('stop-intake', 'orders queue', () => this.queue.pause());
 * shutdown.register('in-flight', 'orders queue', (signal) => this.queue.idle(signal));
 */
@Injectable()
export class ShutdownService {
  readonly #phases: ShutdownPhases;

  constructor(phases: ShutdownPhases) {
    this.#phases = phases;
  }

  /**
   * Calls the handler in the phase, together with the others of that phase. It may take as long as the phase
   * (`shutdown.*Ms`; one second in `readiness-off` and `exit`); then its signal aborts and the sequence goes on.
   * Errors are reported, never thrown. Ignored when the phase has already begun.
   *
   * @param name Name of the handler in the log, if it fails or hangs.
   * @returns a function that removes the handler.
   */
  register(phase: HandledPhaseName, name: string, handler: ShutdownHandler): () => void {
    return this.#phases.register(phase, name, handler);
  }
}
