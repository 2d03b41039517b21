/**
 * Waits for `run` at most `timeoutMs`; then its signal aborts and `undefined` comes back. A rejection of `run` is
 * passed on before the deadline and ignored after it.
 */
export const withinMs = async <T>(
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> => {
  const abort = new AbortController();
  const { promise: deadline, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    resolve(undefined);
    abort.abort();
  }, timeoutMs);
  timer.unref();
  try {
    return await Promise.race([run(abort.signal), deadline]);
  } finally {
    clearTimeout(timer);
  }
};
