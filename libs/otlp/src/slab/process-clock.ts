const [seconds, nanoseconds] = process.hrtime();
/** From this thread's `performance.now()` to the clock that all threads of the process share. */
const offsetMs = seconds * 1000 + nanoseconds / 1e6 - performance.now();

/** Monotonic, in ms, the same in every thread: `performance.now()` starts at 0 in each of them. */
export const processNow = (): number => performance.now() + offsetMs;
