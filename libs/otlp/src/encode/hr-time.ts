import type { HrTime } from '@opentelemetry/api';
import type { Cursor } from './cursor.js';

const TWO_POW_32 = 0x1_0000_0000;
/** int64 nanoseconds end in April 2262. Readers that take them as signed must not see 1970. */
const MAX_SECONDS = 9_223_372_036;
const MAX_HIGH = 0x7fff_ffff;

/** The two halves of the second that was written last: items of one moment share it. */
let lastSeconds = 0;
let lastLow = 0;
let lastHigh = 0;

/**
 * Writes fixed64 nanoseconds of an HrTime, without BigInt. Times before 1970 and invalid times become 0, times after
 * 2262 the maximum of int64. Asks for no room.
 */
export function writeTime(cursor: Cursor, time: HrTime): void {
  writeSeconds(cursor, time[0], time[1]);
}

/** {@link writeTime} for the two parts of an HrTime. */
export function writeSeconds(cursor: Cursor, seconds: number, nanos: number): void {
  if (seconds !== lastSeconds && !setSeconds(seconds)) {
    if (seconds > 0) cursor.halves(-1, MAX_HIGH);
    else cursor.halves(0, 0);
    return;
  }
  const low = lastLow + (nanos > 0 ? Math.trunc(nanos) : 0);
  if (low < TWO_POW_32) cursor.halves(low, lastHigh);
  else if (low < 2 * TWO_POW_32) cursor.halves(low - TWO_POW_32, lastHigh + 1);
  else cursor.halves(low % TWO_POW_32, lastHigh + Math.floor(low / TWO_POW_32));
}

/** False for seconds that do not fit in int64 nanoseconds. */
function setSeconds(given: number): boolean {
  if (!(given >= 0 && given < MAX_SECONDS)) return false;
  const seconds = Math.trunc(given);
  // 10^9 * seconds in parts of 16 bits, so that no product loses a digit.
  const lower = (seconds % 65_536) * 1e9;
  const upper = Math.floor(seconds / 65_536) * 1e9;
  const sum = lower + (upper % 65_536) * 65_536;
  lastLow = sum % TWO_POW_32;
  lastHigh = Math.floor(upper / 65_536) + Math.floor(sum / TWO_POW_32);
  lastSeconds = seconds;
  return true;
}
