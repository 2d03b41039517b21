import { setTimeout as sleep } from 'node:timers/promises';
import type { Signal } from '@nestlens/otlp';
import type { ExportEngine } from './engine.js';

const LOOK_MS = 20;

/**
 * Resolves when something of these signals is queued and all of it waits for another attempt, since the last one failed:
 * who ends soon need not wait for that. Also when `signal` aborts.
 */
export async function untilFailing(
  engine: Pick<ExportEngine, 'status'>,
  signals: readonly Signal[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const status = engine.status();
    const waiting = signals.filter((one) => status[one].queued > 0);
    const isFailing = waiting.every((one) => status[one].last.outcome === 'failed');
    if (waiting.length > 0 && isFailing) return;
    await sleep(LOOK_MS, undefined, { ref: false });
  }
}
