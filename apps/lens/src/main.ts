import { createLens, type Lens } from '@nestlens/lens';
import { readEnvironment } from './environment.js';
import { exitCodes, stopOnSignal } from './exit.js';
import { keepHeapSmall } from './heap.js';
import { listening, stopped } from './report.js';

/** Starts the lens, prints its addresses, and stops it on the first signal. */
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

  // 1. Signals first, so that one that arrives while the ports open still stops the lens cleanly.
  stopOnSignal(async (deadline) => {
    await lens.close(deadline);
    console.log(stopped(lens.stats()));
  });
  // 2. The ports.
  try {
    const address = await lens.start();
    console.log(listening(address));
    // 3. A parent process with an IPC channel gets the ports. It may be gone, which is no fault.
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
