import type { Items } from './items.js';

/** What an operator wants to know of a spool. Each names the path that it is about. */
export type SpoolEvent =
  /** The disk refuses: batches stay in memory until `healed`. Once a minute at most for one code. */
  | { readonly kind: 'failed'; readonly code: string; readonly path: string }
  | { readonly kind: 'healed'; readonly afterMs: number; readonly path: string }
  /** What somebody who is gone left in one file is ours now. Comes before anything becomes of it. */
  | {
      readonly kind: 'adopted';
      readonly items: Items;
      readonly path: string;
      /** By a thread of this process that ended: in the process' books since it was appended. */
      readonly inherited?: boolean;
    }
  /** Acknowledged after what is left, and therefore taken once more by the next process. At the close. */
  | { readonly kind: 'repeated'; readonly items: Items; readonly path: string }
  /** Once, where there were such threads: all that they left has been taken over. */
  | { readonly kind: 'searched'; readonly path: string }
  | {
      readonly kind: LossKind;
      /** Undamaged, but thrown away; or damaged, as far as is known what it was. */
      readonly items: Items;
      readonly bytes: number;
      readonly path: string;
    };

export type LossKind = 'evicted' | 'expired' | 'corrupt';

/** Hears of each. What it throws is swallowed. */
export type OnSpoolEvent = (event: SpoolEvent) => void;

export function guarded(onEvent: OnSpoolEvent | undefined): OnSpoolEvent {
  return (event) => {
    try {
      onEvent?.(event);
    } catch {
      // A listener's fault is not the disk's.
    }
  };
}
