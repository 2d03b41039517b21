import type { Clock } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { LogRateLimit } from './log-rate-limit.js';
import type { LogRateLimitOptions } from './log-rate-limit.js';

/** How severe a line is that the pipeline logs of itself. */
export type SelfLogLevel = 'error' | 'warn' | 'info';

interface SelfLogOptions extends LogRateLimitOptions {
  /** Prints one line; what it throws is ignored. */
  readonly write: (level: SelfLogLevel, line: string) => void;
  readonly clock?: Clock;
}

export interface SelfLog {
  /** `cause` names the kind of trouble, without ids and numbers; `text` tells of this one. */
  log(level: SelfLogLevel, cause: string, text: string): void;
}

/**
 * The pipeline's log of itself: one line per cause and minute. The next line of a cause tells how many were suppressed.
 */
export function createSelfLog({ write, clock = systemClock, ...options }: SelfLogOptions): SelfLog {
  const limit = new LogRateLimit(options);
  return {
    log: (level, cause, text) => {
      const suppressed = limit.admit(cause, clock.now());
      if (suppressed === undefined) return;
      const more = suppressed === 0 ? '' : ` (${suppressed} more of this kind since the last line)`;
      try {
        write(level, `${text}${more}`);
      } catch {
        // Nothing is left to tell it to.
      }
    },
  };
}
