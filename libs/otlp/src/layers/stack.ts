import type { Layer, Sender } from '../send/sender.js';

/** Wraps `sender` in `layers`, the first of them outermost. Closing the stack closes all of it. */
export const stack = (layers: readonly Layer[], sender: Sender): Sender =>
  layers.reduceRight((next, layer) => layer(next), sender);
