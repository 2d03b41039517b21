import type { DropReason } from '../ledger/ledger-words.js';
import type { LedgerWriter } from '../ledger/ledger-writer.js';
import type { SelfLog } from '../ledger/self-log.js';
import type { Signal } from '../wire/model.js';

/** Counts dropped items in the ledger, and logs it. */
export type Drop = (signal: Signal, reason: DropReason, items: number) => void;

interface Words {
  readonly cause: string;
  readonly line: string;
}

export function createDrop(ledger: LedgerWriter, log: SelfLog): Drop {
  const known: Record<Signal, Partial<Record<DropReason, Words>>> = {
    traces: {},
    metrics: {},
    logs: {},
  };
  return (signal, reason, items) => {
    ledger.dropped(signal, reason, items);
    // Under overload this runs for each item: its words are made once.
    const words = (known[signal][reason] ??= {
      cause: `dropped_${signal}_${reason}`,
      line: `${signal} are being dropped: ${reason}`,
    });
    log.log('warn', words.cause, words.line);
  };
}
