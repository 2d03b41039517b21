import type { Clock } from '../send/sender.js';
import { systemClock } from '../send/sender.js';

/** How severe a line is that the pipeline logs of itself. */
export type SelfLogLevel = 'error' | 'warn' | 'info';

interface SelfLogOptions {
  /** Prints one line; what it throws is ignored. */
  readonly write: (level: SelfLogLevel, line: string) => void;
  /** Default: 60000. */
  readonly everyMs?: number;
  /** More causes than this at a time share one. Default: 64. */
  readonly maxCauses?: number;
  readonly clock?: Clock;
}

export interface SelfLog {
  /** `cause` names the kind of trouble, without ids and numbers; `text` tells of this one. */
  log(level: SelfLogLevel, cause: string, text: string): void;
  /** Lines kept back since the start. */
  suppressed(): number;
}

interface Cause {
  printedAt: number;
  suppressed: number;
}

const OTHERS = 'others';

/**
 * What the pipeline says of itself: one line per cause and minute, however often it happens; the next line tells how
 * many were kept back. Remembers a bounded number of causes and holds no timer.
 */
export const createSelfLog = (options: SelfLogOptions): SelfLog => {
  const { write, everyMs = 60_000, maxCauses = 64, clock = systemClock } = options;
  const causes = new Map<string, Cause>();
  let suppressed = 0;

  const forgetOld = (now: number): void => {
    for (const [name, { printedAt }] of causes) {
      if (now - printedAt >= everyMs) causes.delete(name);
    }
  };
  const nameOf = (cause: string, now: number): string => {
    if (causes.has(cause) || causes.size < maxCauses) return cause;
    forgetOld(now);
    return causes.size < maxCauses ? cause : OTHERS;
  };
  return {
    suppressed: () => suppressed,
    log: (level, cause, text) => {
      const now = clock.now();
      const name = nameOf(cause, now);
      const known = causes.get(name);
      if (known !== undefined && now - known.printedAt < everyMs) {
        known.suppressed += 1;
        suppressed += 1;
        return;
      }
      const kept = known?.suppressed ?? 0;
      causes.set(name, { printedAt: now, suppressed: 0 });
      try {
        write(level, kept === 0 ? text : `${text} (${kept} more of this kind since the last line)`);
      } catch {
        // Nothing is left to tell it to.
      }
    },
  };
};
