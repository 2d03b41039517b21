import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FlowFaults } from './fault-proxy.js';

/** A chunk is delayed as a whole; latency must not add up over chunks that came together. */
interface Parcel {
  readonly bytes: Buffer;
  readonly due: number;
}

/** Carries bytes one way, with the faults of the moment. Ends when either socket or the signal does. */
export const carry = async (
  from: Socket,
  to: Socket,
  faults: () => FlowFaults,
  random: () => number,
  signal: AbortSignal,
): Promise<void> => {
  const parcels: Parcel[] = [];
  let wake = (): void => {};
  let ended = false;
  let lastDue = 0;
  const arrived = (): void => wake();
  from.on('data', (bytes: Buffer) => {
    const { latencyMs = 0, jitterMs = 0 } = faults();
    // Bytes never overtake each other.
    lastDue = Math.max(lastDue, performance.now() + latencyMs + jitterMs * (random() * 2 - 1));
    parcels.push({ bytes, due: lastDue });
    if (parcels.length >= MAX_WAITING) from.pause();
    arrived();
  });
  from.on('end', () => {
    ended = true;
    arrived();
  });
  from.on('close', () => {
    ended = true;
    arrived();
  });
  signal.addEventListener('abort', arrived, { once: true });

  while (!signal.aborted) {
    const parcel = parcels.shift();
    if (parcel === undefined) {
      if (ended) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    from.resume();
    await pause(parcel.due - performance.now(), signal);
    for (const slice of slices(parcel.bytes, faults())) {
      if (signal.aborted || !(await write(to, slice, signal))) return;
      const { bytesPerSecond } = faults();
      if (bytesPerSecond !== undefined) {
        await pause((slice.length / bytesPerSecond) * 1000, signal);
      }
    }
  }
  if (!signal.aborted) to.end();
};

/** Chunks held for one direction of one connection; beyond it the sender is slowed down. */
const MAX_WAITING = 256;

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  if (ms < 1) return;
  await delay(ms, undefined, { signal }).catch(() => {});
};

const slices = (bytes: Buffer, { sliceBytes, bytesPerSecond }: FlowFaults): Buffer[] => {
  // A cap is felt in steps of a tenth of a second at most.
  const step = Math.min(sliceBytes ?? Infinity, Math.ceil((bytesPerSecond ?? Infinity) / 10));
  if (step >= bytes.length) return [bytes];
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) cut.push(bytes.subarray(at, at + step));
  return cut;
};

/** False where the socket is gone. */
const write = async (to: Socket, bytes: Buffer, signal: AbortSignal): Promise<boolean> => {
  if (to.destroyed || !to.writable) return false;
  return new Promise((resolve) => {
    const aborted = (): void => resolve(false);
    signal.addEventListener('abort', aborted, { once: true });
    to.write(bytes, (error) => {
      signal.removeEventListener('abort', aborted);
      resolve(error === undefined || error === null);
    });
  });
};
