import type { UnixNano } from '@nestlens/otlp/wire';

const LAST = (1n << 63n) - 1n;

/** Later than 1970 and within int64. That excludes `0` and the all-ones value of a broken clock. */
export function isTime(time: UnixNano): boolean {
  return time > 0n && time <= LAST;
}
