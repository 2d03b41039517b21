/** `npm run` passes on a Ctrl-C that the terminal has sent us too: that is one, not two. */
const SAME_MS = 500;

/** The signal aborts at the first Ctrl-C, SIGTERM or closed terminal; at the second, `atOnce` is called. */
export function interrupts(atOnce: () => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        first = performance.now();
        controller.abort(new Error(`stopped by ${name}`));
      } else if (performance.now() - first > SAME_MS) {
        atOnce();
      }
    });
  }
  return controller.signal;
}
