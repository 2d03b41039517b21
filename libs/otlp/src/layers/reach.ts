import type { Outcome } from '../send/outcome.js';
import type { Clock, Layer } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { GRPC_CODES } from '../wire/status-codes.js';
import { faultOf } from './fault.js';

/** The reach of a peer since the start. */
interface Reach extends Layer {
  /** It answered something, be it a refusal. */
  hasAnswered(): boolean;
  /** It took something. */
  hasAccepted(): boolean;
  /** Attempts that have begun. */
  begun(): number;
  /** The number of the latest of them that has ended; 0 for none. */
  ended(): number;
  /** The peer never answered, and the last attempt could not connect. Waiting for it is most likely useless. */
  isNobodyThere(): boolean;
  /** That attempt ended within the last second, so one more would have the same result. */
  hasJustFoundNobody(): boolean;
}

/** A peer is not expected to start sooner than this. */
const JUST_MS = 1000;

/** Reasons of an attempt that found no server at the address, or no address, without a wait. */
const NOBODY: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
]);

/** Reasons of a peer that answered, if only by a status or a reset. */
const ANSWER = /^(\d{3}|GOAWAY_\d+|RST_STREAM_\d+|REFUSED_STREAM|no_trailers)$/;
const CODES: ReadonlySet<string> = new Set(GRPC_CODES);

/** Records for each attempt whether a server answers. It is the layer next to the transport. */
export function reach(clock: Clock = systemClock): Reach {
  let answered = false;
  let taken = false;
  let nobody = false;
  let endedAtMs = -Infinity;
  let begun = 0;
  let ended = 0;
  function learn(outcome: Outcome, number: number): void {
    if (faultOf(outcome) === 'own') return;
    ended = Math.max(ended, number);
    endedAtMs = clock.now();
    taken ||= outcome.kind === 'accepted' || outcome.kind === 'partial';
    answered ||=
      outcome.kind !== 'retry' || CODES.has(outcome.reason) || ANSWER.test(outcome.reason);
    nobody = outcome.kind === 'retry' && NOBODY.has(outcome.reason);
  }
  const layer: Layer = (next) => ({
    async send(batch, signal, trail) {
      begun += 1;
      const number = begun;
      const outcome = await next.send(batch, signal, trail);
      learn(outcome, number);
      return outcome;
    },
    close: () => next.close(),
  });
  return Object.assign(layer, {
    hasAnswered: () => answered,
    hasAccepted: () => taken,
    begun: () => begun,
    ended: () => ended,
    isNobodyThere: () => nobody && !answered,
    hasJustFoundNobody: () => nobody && !answered && clock.now() - endedAtMs < JUST_MS,
  });
}
