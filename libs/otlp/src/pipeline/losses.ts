import type { DropReason } from '../ledger/ledger-words.js';
import type { LedgerWriter } from '../ledger/ledger-writer.js';
import type { SelfLog } from '../ledger/self-log.js';
import type { Signal } from '../wire/model.js';

/** Writes what is lost into the books, and says so. */
export type Lose = (signal: Signal, reason: DropReason, items: number) => void;

interface Words {
  readonly cause: string;
  readonly line: string;
}

export function createLosses(books: LedgerWriter, log: SelfLog): Lose {
  const known: Record<Signal, Partial<Record<DropReason, Words>>> = {
    traces: {},
    metrics: {},
    logs: {},
  };
  return (signal, reason, items) => {
    books.dropped(signal, reason, items);
    // Under overload this runs for each item: its words are made once.
    const words = (known[signal][reason] ??= {
      cause: `dropped_${signal}_${reason}`,
      line: `${signal} are being dropped: ${reason}`,
    });
    log.log('warn', words.cause, words.line);
  };
}
