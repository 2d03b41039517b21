import type { ItemEncoder } from '../encode/item-encoder.js';
import { FULL, UNREADABLE } from '../slab/slab-writer.js';
import type { EncodeItem } from '../slab/slab-writer.js';

/**
 * Appends to a slab with `encoder`, which goes on where it ended. In a slab that is not the one it wrote to last it
 * begins a new unit. Lengths are patched after each item, since any thread may seal the slab then.
 */
export function slabEncode<I>(encoder: ItemEncoder<I>): EncodeItem<I> {
  let open: Buffer | undefined;
  return (item, target, offset) => {
    if (target !== open || offset !== encoder.end) {
      encoder.open(target, offset);
      open = target;
    }
    const result = encoder.append(item);
    if (result === 'written') return encoder.close();
    return result === 'full' ? FULL : UNREADABLE;
  };
}
