import type { LedgerWriter } from '../ledger/ledger-writer.js';
import type { Batch } from '../send/sender.js';
import { FREE, ITEMS } from '../slab/memory.js';
import type { ItemCounts } from '../send/item-counts.js';
import { SIGNALS } from '../wire/model.js';
import type { SlabPool } from '../slab/slab-pool.js';
import type { SlabBatch, SlabReader } from '../slab/slab-reader.js';
import { dump, dumpSync } from '../spool/dump.js';
import { before } from './deadline.js';
import type { HeapBatch } from './heap-queue.js';
import type { FlushMark } from './worker-messages.js';
import type { WorkerSupervisor } from './worker-supervisor.js';

export interface Memory {
  readonly pool: SlabPool;
  readonly reader: SlabReader;
  readonly worker: Pick<WorkerSupervisor, 'isRunning' | 'heap' | 'offer'>;
}

/**
 * Writes everything in memory to disk before it returns, for a process that is about to end. What nobody is sending is
 * in the spool then and nowhere else. What a worker has in hand is written too, for it may get no further, but stays
 * the worker's: it may arrive twice, and is marked so. False where the disk refused, or there was nothing.
 */
export function saveToDisk(directory: string, memory: Memory, ledger: LedgerWriter): boolean {
  const { worker, reader } = memory;
  if (!worker.isRunning) reclaim(memory, ledger);
  const held = gathered(memory);
  if (isNothing(held)) return false;
  if (dumpSync(directory, allOf(held)).kind === 'spooled') {
    enter(held, memory, ledger);
    return true;
  }
  for (const batch of held.slabs) reader.putBack(batch);
  for (const batch of held.heap) worker.offer(batch);
  return false;
}

/**
 * Like `saveToDisk`, but without holding up the loop, by `deadline`: the worker is gone and the process may go on. What the disk
 * has not taken by then, or refuses, stays as it is, for the caller to count.
 */
export async function saveBefore(
  deadline: AbortSignal,
  directory: string,
  memory: Memory,
  ledger: LedgerWriter,
): Promise<void> {
  reclaim(memory, ledger);
  const held = gathered(memory);
  if (isNothing(held)) return;
  const { written, sealed } = dump(directory, allOf(held), deadline);
  if (!(await before(written, deadline)) || (await written).kind !== 'spooled') return;
  enter(held, memory, ledger);
  await before(sealed, deadline);
}

/** Items before the mark of a flush that are not settled. */
export function pendingBefore(mark: FlushMark, { reader, worker }: Memory): ItemCounts {
  const pending = { ...reader.pending(mark.sequence) };
  for (const { id, signal, items } of worker.heap) if (id < mark.heap) pending[signal] += items;
  return pending;
}

/** After a worker ended: what it had in hand waits again, and may arrive twice. */
export function reclaim({ reader, worker }: Omit<Memory, 'pool'>, ledger: LedgerWriter): void {
  const slabs = reader.reclaim();
  const heap = worker.heap.reclaim();
  for (const signal of SIGNALS) ledger.possiblyDuplicated(signal, slabs[signal] + heap[signal]);
}

interface Held {
  /** Ours now. */
  readonly slabs: readonly SlabBatch[];
  readonly heap: readonly HeapBatch[];
  /** Somebody else's still. */
  readonly copies: readonly Batch[];
}

function gathered({ pool, reader, worker }: Memory): Held {
  const slabs = sealedOf(reader);
  const copies = heldByOthers(pool, slabs);
  return worker.isRunning
    ? { slabs, heap: [], copies: [...worker.heap, ...copies].map(doubtful) }
    : { slabs, heap: worker.heap.removeAll(), copies: copies.map(doubtful) };
}

function doubtful(batch: Batch): Batch {
  return { ...batch, isDoubtful: true };
}

function allOf({ slabs, heap, copies }: Held): Batch[] {
  return [...heap, ...slabs, ...copies];
}

function isNothing(held: Held): boolean {
  return allOf(held).length === 0;
}

/** Counts batches that are on disk now. */
function enter({ slabs, heap, copies }: Held, { reader }: Memory, ledger: LedgerWriter): void {
  for (const batch of slabs) {
    ledger.handed(batch.signal, batch.firstTaken);
    ledger.spooled(batch.signal, batch.items);
    reader.release(batch);
  }
  for (const { signal, items } of heap) ledger.spooled(signal, items);
  for (const { signal, items } of copies) ledger.possiblyDuplicated(signal, items);
}

/** One by one: each is a record of its own, and a request when it is replayed. */
function sealedOf(reader: SlabReader): SlabBatch[] {
  const batches: SlabBatch[] = [];
  for (const signal of SIGNALS) {
    for (let batch = reader.take(signal, 0); batch; batch = reader.take(signal, 0)) {
      batches.push(batch);
    }
  }
  return batches;
}

function heldByOthers(pool: SlabPool, taken: readonly SlabBatch[]): Batch[] {
  const ours = new Set(taken.flatMap(({ slabs }) => slabs));
  const batches: Batch[] = [];
  for (let slab = 0; slab < pool.count; slab += 1) {
    if (ours.has(slab) || pool.state(slab) === FREE) continue;
    const content = pool.content(slab);
    const items = pool.read(slab, ITEMS);
    const signal = pool.signalOf(slab);
    if (items > 0) batches.push({ signal, items, bytes: content.length, chunks: [content] });
  }
  return batches;
}
