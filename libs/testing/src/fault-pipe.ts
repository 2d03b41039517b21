import type { Socket } from 'node:net';
import type { FlowFaults } from './fault-proxy.js';
import type { Clock } from './manual-clock.js';

/** A chunk that is delayed as a whole: latency must not add up over bytes that came together. */
interface Parcel {
  readonly bytes: Buffer;
  readonly due: number;
}

/** The link that all connections share in one direction. */
export class Link {
  bytes = 0;
  readonly clock: Clock;
  #freeAt = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * Puts `bytes` on the link, behind those that are on it. Returns how many ms pass until the last is through.
   */
  take(bytes: number, bytesPerSecond = Infinity): number {
    const now = this.clock.now();
    this.bytes += bytes;
    this.#freeAt = Math.max(now, this.#freeAt) + (bytes / bytesPerSecond) * 1000;
    return this.#freeAt - now;
  }
}

/**
 * Carries bytes in one direction, with the current faults. Ends when either socket ends or the signal aborts.
 */
export const carry = async (
  from: Socket,
  to: Socket,
  faults: () => FlowFaults,
  link: Link,
  random: () => number,
  signal: AbortSignal,
): Promise<void> => {
  const { clock } = link;
  const parcels: Parcel[] = [];
  let wake = (): void => {};
  let ended = false;
  let lastDue = 0;
  let waiting = 0;
  const arrived = (): void => wake();
  from.on('data', (bytes: Buffer) => {
    const { latencyMs = 0, jitterMs = 0 } = faults();
    // Bytes never overtake each other.
    lastDue = Math.max(lastDue, clock.now() + latencyMs + jitterMs * (random() * 2 - 1));
    parcels.push({ bytes, due: lastDue });
    waiting += bytes.length;
    if (parcels.length >= MAX_WAITING || waiting >= mostWaiting(faults())) from.pause();
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
    waiting -= parcel.bytes.length;
    from.resume();
    await pause(clock, parcel.due - clock.now(), signal);
    for (const slice of slices(parcel.bytes, faults())) {
      if (signal.aborted || !(await write(to, slice, signal))) return;
      const { bytesPerSecond = Infinity, linkBytesPerSecond } = faults();
      const linkMs = link.take(slice.length, linkBytesPerSecond);
      await pause(clock, Math.max(linkMs, (slice.length / bytesPerSecond) * 1000), signal);
    }
  }
  if (!signal.aborted) to.end();
};

/** Chunks held for one direction of one connection. At this number the sender is paused. */
const MAX_WAITING = 256;
/**
 * In front of a slow link only as many bytes are held as a router would hold. Otherwise the sender would see
 * all of them as sent.
 */
const MAX_WAITING_BYTES = 64 * 1024;

const mostWaiting = ({ bytesPerSecond, linkBytesPerSecond }: FlowFaults): number =>
  bytesPerSecond === undefined && linkBytesPerSecond === undefined ? Infinity : MAX_WAITING_BYTES;

const pause = async (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => {
  if (ms < 1 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = (): void => resolve();
  const timer = clock.setTimeout(over, ms);
  signal.addEventListener('abort', over, { once: true });
  await promise;
  clock.clearTimeout(timer);
  signal.removeEventListener('abort', over);
};

const slices = (bytes: Buffer, faults: FlowFaults): Buffer[] => {
  const {
    sliceBytes = Infinity,
    bytesPerSecond = Infinity,
    linkBytesPerSecond = Infinity,
  } = faults;
  // A bandwidth limit takes effect in steps of at most a tenth of a second.
  const step = Math.min(
    sliceBytes,
    Math.ceil(bytesPerSecond / 10),
    Math.ceil(linkBytesPerSecond / 10),
  );
  if (step >= bytes.length) return [bytes];
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) cut.push(bytes.subarray(at, at + step));
  return cut;
};

/** Returns false if the socket is gone. */
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
