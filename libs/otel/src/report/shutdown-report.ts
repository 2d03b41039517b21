import type { EngineStatus, Signal, SignalStatus } from '../engine/engine.js';

const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs'];

const totals = ({ accepted, rejected, dropped, queued }: SignalStatus) => ({
  accepted,
  rejected,
  dropped,
  queued,
});

const words = (signal: Signal, { accepted, rejected, dropped, queued }: SignalStatus): string => {
  const lost = Object.entries(dropped).map(([reason, count]) => `${count} dropped (${reason})`);
  const parts = [
    `${accepted} accepted`,
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
    ...lost,
    ...(queued > 0 ? [`${queued} not settled`] : []),
  ];
  return `${signal} ${parts.join(', ')}`;
};

/** The last line of a service: for people in front, for programs as JSON behind. */
export const shutdownReport = (service: string | undefined, status: EngineStatus): string => {
  const sentence = SIGNALS.map((signal) => words(signal, status[signal])).join('; ');
  const json = {
    'nestlens.shutdown': {
      service: service ?? null,
      ...Object.fromEntries(SIGNALS.map((signal) => [signal, totals(status[signal])])),
    },
  };
  return `Telemetry at exit: ${sentence}. ${JSON.stringify(json)}`;
};
