import { SIGNALS } from '@nestlens/otlp';
import type { Signal } from '@nestlens/otlp';
import type { EngineStatus, SignalStatus } from '../engine/engine.js';

const totals = (status: SignalStatus): Omit<SignalStatus, 'last'> => ({
  accepted: status.accepted,
  rejected: status.rejected,
  dropped: status.dropped,
  queued: status.queued,
  spooled: status.spooled,
  possibleDuplicates: status.possibleDuplicates,
});

const words = (signal: Signal, status: SignalStatus): string => {
  const { accepted, rejected, dropped, queued, spooled, possibleDuplicates } = status;
  const lost = Object.entries(dropped).map(([reason, count]) => `${count} dropped (${reason})`);
  const parts = [
    `${accepted} accepted`,
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
    ...lost,
    ...(spooled > 0 ? [`${spooled} kept on disk`] : []),
    ...(queued > 0 ? [`${queued} not settled`] : []),
    ...(possibleDuplicates > 0 ? [`${possibleDuplicates} perhaps sent twice`] : []),
  ];
  return `${signal} ${parts.join(', ')}`;
};

/** Losses outside of the counts of the signals. */
interface LeftBehind {
  /** Spans that had begun. */
  readonly unendedSpans?: number;
  /** The time whose measurements were not collected, in ms. Absent if all were. */
  readonly sinceCollectionMs?: number;
}

const leftWords = ({ unendedSpans = 0, sinceCollectionMs }: LeftBehind): string => {
  const spans = unendedSpans > 0 ? [`${unendedSpans} spans that had not ended are lost`] : [];
  if (sinceCollectionMs === undefined) return spans.map((text) => `; ${text}`).join('');
  const seconds = (sinceCollectionMs / 1000).toFixed(1);
  const measured = `measurements of the last ${seconds} s were not collected`;
  return [...spans, measured].map((text) => `; ${text}`).join('');
};

/** True if items reached neither the collector nor the disk. */
export const hasLosses = (
  status: EngineStatus,
  { unendedSpans = 0, sinceCollectionMs }: LeftBehind = {},
): boolean => unendedSpans > 0 || sinceCollectionMs !== undefined || lossesOf(status) !== undefined;

/** The lost items, by signal; undefined if there are none. */
export const lossesOf = (status: EngineStatus): string | undefined => {
  const losses = SIGNALS.flatMap((signal) => {
    const lost = lostIn(status[signal]);
    return lost > 0 ? [`${signal} ${lost}`] : [];
  });
  return losses.length === 0 ? undefined : losses.join(', ');
};

const lostIn = ({ rejected, dropped, queued }: SignalStatus): number =>
  Object.values(dropped).reduce((sum, count) => sum + count, rejected + queued);

/**
 * The last line of a service after any end. It has a part for people, and then JSON for programs. It is logged if all
 * is well, and written to stderr if a process loses items without a shutdown.
 */
export const shutdownReport = (
  service: string,
  status: EngineStatus,
  left: LeftBehind = {},
): string => {
  const sentence = SIGNALS.map((signal) => words(signal, status[signal])).join('; ');
  const { unendedSpans = 0, sinceCollectionMs } = left;
  const json = {
    'nestlens.shutdown': {
      service,
      ...Object.fromEntries(SIGNALS.map((signal) => [signal, totals(status[signal])])),
      ...(unendedSpans > 0 && { unendedSpans }),
      ...(sinceCollectionMs !== undefined && { sinceCollectionMs: Math.round(sinceCollectionMs) }),
    },
  };
  return `Telemetry at exit: ${sentence}${leftWords(left)}. ${JSON.stringify(json)}`;
};
