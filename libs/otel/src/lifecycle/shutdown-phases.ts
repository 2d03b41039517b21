import { Injectable } from '@nestjs/common';

export type ShutdownPhaseName =
  | 'readiness-off'
  | 'drain'
  | 'stop-intake'
  | 'in-flight'
  | 'hooks'
  | 'flush'
  | 'exit';

/** The phases that take handlers; `hooks` is Nest's own. */
export type HandledPhaseName = Exclude<ShutdownPhaseName, 'hooks'>;

/**
 * The signal aborts at the handler's deadline, `timeoutMs` from the call; the sequence goes on then, whether the
 * handler has ended or not. A throw or rejection is reported, and other handlers still run. A returned string names the
 * work that was left.
 */
export type ShutdownHandler = (signal: AbortSignal, timeoutMs: number) => unknown;

export interface NamedHandler {
  readonly name: string;
  readonly run: ShutdownHandler;
}

/**
 * The steps of `flush`, in their order, after the handlers of users (step 0). Handlers of `signals` may be called
 * twice: also, for up to half a second, before Nest closes its servers, since Nest ends the process without the rest of
 * its hooks when one of those fails to close, and not every engine can send anything then.
 */
export const FLUSH_STEPS = { signals: 1, metrics: 2, close: 3 } as const;

interface Entry extends NamedHandler {
  readonly phase: HandledPhaseName;
  readonly step: number;
}

/** The handlers of each phase. The rooms add theirs, and users add theirs through `ShutdownService`. */
@Injectable()
export class ShutdownPhases {
  readonly #entries = new Set<Entry>();

  /** Returns a function that removes the handler. A phase that has begun does not change any more. */
  register(phase: HandledPhaseName, name: string, run: ShutdownHandler, step = 0): () => void {
    const entry: Entry = { phase, name, run, step };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** The handlers of one step run together; the steps run one after the other. */
  stepsOf(phase: HandledPhaseName): readonly (readonly NamedHandler[])[] {
    const entries = [...this.#entries].filter((entry) => entry.phase === phase);
    const steps = Map.groupBy(entries, (entry) => entry.step);
    return [...steps].toSorted(([a], [b]) => a - b).map(([, handlers]) => handlers);
  }

  handlersOf(phase: HandledPhaseName, step: number): readonly NamedHandler[] {
    return [...this.#entries].filter((entry) => entry.phase === phase && entry.step === step);
  }
}
