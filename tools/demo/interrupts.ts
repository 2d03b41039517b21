/** `npm run` forwards a Ctrl-C that the terminal has sent to us too. Both within this time count as one. */
const SAME_MS = 500;

/**
 * Returns a signal that aborts at the first Ctrl-C, SIGTERM or closed terminal. The second Ctrl-C or SIGTERM
 * calls `atOnce`. A terminal that closes after Ctrl-C does not count as the second.
 */
export function interrupts(atOnce: () => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        first = performance.now();
        controller.abort(new Error(`stopped by ${name}`));
      } else if (name !== 'SIGHUP' && performance.now() - first > SAME_MS) {
        atOnce();
      }
    });
  }
  return controller.signal;
}
