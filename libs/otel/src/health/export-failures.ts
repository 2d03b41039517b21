import type { Destination, EngineStatus, SignalStatus } from '../engine/engine.js';
import { remedyOf } from './remedy.js';

/** A failure of the export, and how to mend it. */
export interface Trouble {
  readonly what: string;
  readonly remedy: string;
}

/** A status of HTTP is but a number. */
const shownReason = (reason: string): string =>
  /^\d{3}$/.test(reason) ? `HTTP ${reason}` : reason;

/** The outcome of the last export, and the place of its failure. */
export const outcomeOf = ({ last }: SignalStatus, { url }: Destination): string =>
  last.outcome === 'failed' ? `failed: ${shownReason(last.reason)} at ${url}` : last.outcome;

/** The URLs of one collector over HTTP differ in the signal alone. */
const forAll = (text: string, { signal }: Destination): string =>
  text.replace(`/v1/${signal}`, '/v1/<signal>');

const as = (text: string, alike: readonly Destination[]): string =>
  alike.length > 1 && alike[0] !== undefined ? forAll(text, alike[0]) : text;

/** One for all signals that fail alike. */
export const exportFailures = (
  destinations: readonly Destination[],
  status: EngineStatus,
): readonly Trouble[] => {
  const failing = destinations.filter(({ signal }) => status[signal].last.outcome === 'failed');
  const groups = Map.groupBy(failing, (to) => forAll(outcomeOf(status[to.signal], to), to));
  return [...groups.values()].flatMap((alike) => {
    const [to] = alike;
    if (to === undefined) return [];
    const { accepted, rejected, last } = status[to.signal];
    const reason = last.outcome === 'failed' ? last.reason : '';
    const signals = alike.map(({ signal }) => signal).join(', ');
    return {
      what: as(`${signals} ${outcomeOf(status[to.signal], to)}`, alike),
      remedy: as(remedyOf(reason, to, accepted + rejected > 0), alike),
    };
  });
};
