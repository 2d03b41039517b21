import type { Clock } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import type { SlabMemory } from '../slab/memory.js';
import { SlabPool } from '../slab/slab-pool.js';
import { SlabReader } from '../slab/slab-reader.js';
import { ExportLoop } from './export-loop.js';
import type { Marks } from './export-loop.js';
import { createLanes } from './stack.js';
import type { SendingOptions } from './pipeline-options.js';
import type { FromRunner, LaneState, ToRunner } from './runner-messages.js';

export interface RunnerOptions {
  readonly memory: SlabMemory;
  readonly sending: SendingOptions;
  readonly clock?: Clock;
  readonly emit: (message: FromRunner) => void;
}

/** The consuming side as its host sees it, wherever it runs. */
export interface Runner {
  tell(message: ToRunner): void;
  /** Lets go of everything at once; nothing is told any more. */
  end(): Promise<void>;
}

/** While something is under way its state is told so often, if it changed. */
const STATE_EVERY_MS = 1000;

/**
 * Runs on whatever thread it is made on; says `ready` and goes on until it is told to shut down. Throws
 * TransportConfigError.
 */
export function createRunner(options: RunnerOptions): Runner {
  const { memory, sending, clock = systemClock } = options;
  const { sealAfterMs, targetBytes } = sending;
  const pool = new SlabPool(memory);
  const reader = new SlabReader(pool, { sealAfterMs });
  const twice = { traces: 0, metrics: 0, logs: 0 };
  const deadline = new AbortController();
  let closing = false;
  let ended = false;
  let told = '';

  const emit = (message: FromRunner): void => {
    if (!ended) options.emit(message);
  };
  const lanes = createLanes({
    sending,
    emit,
    onOperation({ signal, items, possibleDuplicate }) {
      if (possibleDuplicate) twice[signal] += items;
    },
  });
  const loop = new ExportLoop({
    reader,
    lanes: lanes.of,
    overflow: undefined,
    targetBytes,
    lingerMs: sealAfterMs,
    clock,
    onSettled({ signal, items }, settled, own) {
      const mayBeTwice = twice[signal];
      twice[signal] = 0;
      emit({ kind: 'settled', signal, items, settled, mayBeTwice, own });
    },
  });

  const tellState = (): void => {
    const states: readonly LaneState[] = lanes.states();
    const text = JSON.stringify(states);
    if (text === told) return;
    told = text;
    emit({ kind: 'state', lanes: states });
  };

  const watchState = (): void => {
    tellState();
    if (!closing) clock.after(STATE_EVERY_MS, watchState);
  };

  const listen = async (): Promise<void> => {
    while (!closing) {
      const seen = reader.bell();
      loop.poke();
      await reader.rung(seen);
    }
  };

  const shutdown = async (marks: Marks): Promise<void> => {
    await loop.shutdown(marks, deadline.signal);
    closing = true;
    pool.ring();
    tellState();
    emit({ kind: 'closed' });
  };

  void listen();
  watchState();
  emit({ kind: 'ready' });
  return {
    tell(message) {
      switch (message.kind) {
        case 'offer':
          return loop.offer(message.batch);
        case 'flush':
          void loop.flush(message.marks).then(() => emit({ kind: 'flushed', id: message.id }));
          return;
        case 'shutdown':
          void shutdown(message.marks);
          return;
        case 'abort':
          return deadline.abort();
        case 'headers':
          return lanes.headers(message.id, message.headers);
      }
    },
    async end() {
      ended = true;
      if (closing) return;
      deadline.abort();
      await loop.shutdown({ sequence: 0, own: 0 }, deadline.signal);
      closing = true;
      pool.ring();
    },
  };
}
