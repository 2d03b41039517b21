import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 collect garbage when the heap has grown by half since the last time; by default V8 lets it grow several
 * times over. Under a flood the lens then takes three fifths of the memory (450 MB instead of 760, with the default
 * 256 MiB), for a fifth more processor time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
}
