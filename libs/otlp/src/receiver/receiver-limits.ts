import { DEFAULT_DECODE_LIMITS } from '../wire/decode-limits.js';
import type { ReceiverLimits } from './receiver-options.js';

const MIB = 1024 * 1024;

/** The default limits. */
export const DEFAULT_RECEIVER_LIMITS: ReceiverLimits = Object.freeze({
  ...DEFAULT_DECODE_LIMITS,
  maxBodyBytes: 20 * MIB,
  maxInflateRatio: 100,
  maxHeldBytes: 64 * MIB,
  bodyTimeoutMs: 30_000,
  maxConnections: 64,
});

export function receiverLimits(limits: Partial<ReceiverLimits> = {}): ReceiverLimits {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_RECEIVER_LIMITS, ...Object.fromEntries(given) };
}

/** Up to this size a body may inflate by any ratio, as small bodies of equal records do. */
const FREE_INFLATE_BYTES = MIB;

/** The size to which a body of `compressed` bytes may inflate. */
export function inflateCap(compressed: number, limits: ReceiverLimits): number {
  const byRatio = Math.max(FREE_INFLATE_BYTES, compressed * limits.maxInflateRatio);
  return Math.min(limits.maxBodyBytes, byRatio);
}

/** The bytes that all requests in flight hold together. */
export class HeldBytes {
  #held = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get held(): number {
    return this.#held;
  }

  /** False if it would be too much; then nothing is reserved. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#max) return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}
