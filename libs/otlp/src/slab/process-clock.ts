const [seconds, nanoseconds] = process.hrtime();
/** The offset from this thread's `performance.now()` to the clock that all threads of the process share. */
const offsetMs = seconds * 1000 + nanoseconds / 1e6 - performance.now();

/** Monotonic, in ms, the same in every thread. `performance.now()` alone starts at 0 in each thread. */
export function processNow(): number {
  return performance.now() + offsetMs;
}
