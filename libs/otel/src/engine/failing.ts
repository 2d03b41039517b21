import { setTimeout as sleep } from 'node:timers/promises';
import type { Signal } from '@nestlens/otlp';
import type { ExportEngine, SignalStatus } from './engine.js';

const LOOK_MS = 20;

/** The reason of an attempt whose header function took too long. Its answer is still awaited. */
const HEADERS_TIMEOUT = 'headers_timeout';

const isFailing = ({ last }: SignalStatus): boolean =>
  last.outcome === 'failed' && last.reason !== HEADERS_TIMEOUT;

/**
 * Resolves when something of these signals is queued and all of it waits for another attempt, since the last one failed:
 * who ends soon need not wait for that. Also when `signal` aborts.
 */
export const untilFailing = async (
  engine: Pick<ExportEngine, 'status'>,
  signals: readonly Signal[],
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    const status = engine.status();
    const waiting = signals.filter((one) => status[one].queued > 0);
    if (waiting.length > 0 && waiting.every((one) => isFailing(status[one]))) return;
    await sleep(LOOK_MS, undefined, { ref: false });
  }
};
