import type { EngineStatus, Signal, SignalStatus } from '../engine/engine.js';

const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs'];

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

/** The last line of a service: for people in front, for programs as JSON behind. */
export const shutdownReport = (service: string, status: EngineStatus): string => {
  const sentence = SIGNALS.map((signal) => words(signal, status[signal])).join('; ');
  const json = {
    'nestlens.shutdown': {
      service,
      ...Object.fromEntries(SIGNALS.map((signal) => [signal, totals(status[signal])])),
    },
  };
  return `Telemetry at exit: ${sentence}. ${JSON.stringify(json)}`;
};
