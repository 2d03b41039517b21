/** Longest that a timer of Node can be. */
const FOR_EVER_MS = 2 ** 31 - 1;

/**
 * Runs `work` with a signal that aborts with `given`, or after `ms` where none is given. Keeps the process alive
 * meanwhile: who awaits the end of telemetry must not lose it because nothing else is left to do.
 */
export async function withDeadline<T>(
  given: AbortSignal | undefined,
  ms: number,
  work: (deadline: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  function abort(): void {
    controller.abort();
  }
  const timer = setTimeout(abort, given === undefined ? ms : FOR_EVER_MS);
  if (given?.aborted === true) abort();
  given?.addEventListener('abort', abort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    given?.removeEventListener('abort', abort);
  }
}

/** Resolves to true where `work` is over before the deadline, with a result or without. Never rejects. */
export function before(work: Promise<unknown>, deadline: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    function late(): void {
      resolve(false);
    }
    function over(): void {
      deadline.removeEventListener('abort', late);
      resolve(true);
    }
    void work.then(over, over);
    deadline.addEventListener('abort', late, { once: true });
    // A turn later, since work that is over already counts as over.
    if (deadline.aborted) void Promise.resolve().then(late);
  });
}
