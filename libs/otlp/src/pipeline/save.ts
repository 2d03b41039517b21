import type { LedgerWriter } from '../ledger/ledger-writer.js';
import type { Batch } from '../send/sender.js';
import { FREE, ITEMS } from '../slab/memory.js';
import type { SlabPool } from '../slab/slab-pool.js';
import { dumpSync } from '../spool/dump.js';
import { signals } from '../slab/memory.js';
import type { OwnBatch } from './export-loop.js';

/**
 * Writes everything in memory to disk before it returns, for a process that is about to end; what is being sent just
 * now too, which may then arrive twice. False where the disk refused, or there was nothing.
 */
export function saveToDisk(
  directory: string,
  pool: SlabPool,
  { own }: { readonly own: Iterable<OwnBatch> },
  ledger: LedgerWriter,
): boolean {
  const batches: Batch[] = [...own];
  for (let slab = 0; slab < pool.count; slab += 1) {
    if (pool.state(slab) === FREE) continue;
    const content = pool.content(slab);
    const items = pool.read(slab, ITEMS);
    const signal = pool.signalOf(slab);
    if (items > 0) batches.push({ signal, items, bytes: content.length, chunks: [content] });
  }
  if (batches.length === 0) return false;
  const dumped = dumpSync(directory, batches);
  if (dumped.kind !== 'spooled') return false;
  for (const signal of signals) ledger.spooled(signal, dumped.items[signal]);
  return true;
}
