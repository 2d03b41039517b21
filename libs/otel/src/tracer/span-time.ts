import { types } from 'node:util';
import type { HrTime } from '@opentelemetry/api';
import { isTimeInputHrTime, millisToHrTime } from '@opentelemetry/core';

const NANOS_PER_SECOND = 1e9;

/**
 * A time that was given: an HrTime, a Date, ms since the epoch, or a reading of `performance.now()`, which is smaller
 * than any of those. `wall` and `monotonic` are two readings of one moment. Undefined for what is no time.
 */
export const givenTime = (input: unknown, wall: number, monotonic: number): HrTime | undefined => {
  if (typeof input === 'number') {
    if (!Number.isFinite(input)) return undefined;
    return millisToHrTime(input <= performance.now() ? input + wall - monotonic : input);
  }
  if (typeof input !== 'object' || input === null) return undefined;
  try {
    if (types.isDate(input)) {
      const ms = Date.prototype.getTime.call(input);
      return Number.isNaN(ms) ? undefined : millisToHrTime(ms);
    }
    return isTimeInputHrTime(input) ? input : undefined;
  } catch {
    return undefined;
  }
};

export const durationOf = (start: HrTime, end: HrTime): HrTime => {
  const seconds = end[0] - start[0];
  const nanos = end[1] - start[1];
  return nanos < 0 ? [seconds - 1, nanos + NANOS_PER_SECOND] : [seconds, nanos];
};
