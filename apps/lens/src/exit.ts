import { constants } from 'node:os';

/** 0 after a clean stop; 128 + the signal's number when a second signal cut it short. */
export const exitCodes = { startFailed: 1, wrongOptions: 2 } as const;

const STOP_MS = 5_000;
const signals = ['SIGINT', 'SIGTERM'] as const;

/** `stop` runs once, with a deadline of 5 s. The second signal exits at once. */
export function stopOnSignal(stop: (deadline: AbortSignal) => Promise<void>): void {
  let stopping = false;
  for (const signal of signals) {
    process.on(signal, () => {
      if (stopping) process.exit(128 + constants.signals[signal]);
      stopping = true;
      stop(AbortSignal.timeout(STOP_MS)).then(
        // An IPC channel or a pending write must not keep a stopped lens alive.
        () => process.exit(),
        (error: unknown) => {
          console.error(error);
          process.exit(exitCodes.startFailed);
        },
      );
    });
  }
}
