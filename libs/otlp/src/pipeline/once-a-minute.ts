type Warn = (cause: string, message: string) => void;

const MINUTE_MS = 60_000;

/** Passes one message for each cause in a minute; the next one says how many there were in between. */
export function onceAMinute(warn: Warn, now: () => number = () => performance.now()): Warn {
  const causes = new Map<string, { at: number; held: number }>();
  return (cause, message) => {
    const last = causes.get(cause);
    if (last !== undefined && now() - last.at < MINUTE_MS) {
      last.held += 1;
      return;
    }
    const held = last?.held ?? 0;
    causes.set(cause, { at: now(), held: 0 });
    try {
      warn(cause, held === 0 ? message : `${message} (and ${held} more since)`);
    } catch {
      // A logger's fault must not reach the one who ended a span.
    }
  };
}
