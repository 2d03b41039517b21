import { createLens, type Lens } from '@nestlens/lens';
import { readEnvironment } from './environment.js';
import { exitCodes, stopOnSignal } from './exit.js';
import { keepHeapSmall } from './heap.js';
import { listening, stopped } from './report.js';

/** Starts the lens, tells where it listens, and stops it on the first signal. */
async function main(): Promise<void> {
  keepHeapSmall();
  const environment = readEnvironment(process.env);
  if (environment.kind === 'wrong') {
    console.error(environment.faults.join('\n'));
    process.exitCode = exitCodes.wrongOptions;
    return;
  }

  let lens: Lens;
  try {
    lens = createLens({ ...environment.options, onError: (error) => console.error(error) });
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = exitCodes.wrongOptions;
    return;
  }

  // 1. Signals first: one that comes while the ports open still stops cleanly.
  stopOnSignal(async (deadline) => {
    await lens.close(deadline);
    console.log(stopped(lens.stats()));
  });
  // 2. The ports.
  try {
    const address = await lens.start();
    console.log(listening(address));
    // 3. Whoever spawned us with an IPC channel learns the ports. It may be gone: that is no fault.
    process.send?.({ type: 'listening', ...address }, undefined, undefined, () => undefined);
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = exitCodes.startFailed;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

void main();
