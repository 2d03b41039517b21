import type { Outcome } from '../send/outcome.js';
import type { Layer } from '../send/sender.js';
import { GRPC_CODES } from '../wire/status-codes.js';
import { faultOf } from './fault.js';

/** What is known of a peer since the start. */
export interface Reach extends Layer {
  /** It answered something, be it a refusal. */
  hasAnswered(): boolean;
  /** It took something. */
  hasAccepted(): boolean;
  /** Attempts that have ended. */
  attempts(): number;
  /** It never answered, and the last attempt found nobody: waiting for it is most likely in vain. */
  isNobodyThere(): boolean;
}

/** Reasons of an attempt that found nobody at the address, or no address, and was told so at once. */
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

/** Learns from each attempt whether somebody is there: stands next to the transport. */
export const reach = (): Reach => {
  let answered = false;
  let taken = false;
  let nobody = false;
  let attempts = 0;
  const learn = (outcome: Outcome): void => {
    if (faultOf(outcome) === 'own') return;
    attempts += 1;
    taken ||= outcome.kind === 'accepted' || outcome.kind === 'partial';
    answered ||=
      outcome.kind !== 'retry' || CODES.has(outcome.reason) || ANSWER.test(outcome.reason);
    nobody = outcome.kind === 'retry' && NOBODY.has(outcome.reason);
  };
  const layer: Layer = (next) => ({
    async send(batch, signal) {
      const outcome = await next.send(batch, signal);
      learn(outcome);
      return outcome;
    },
    close: () => next.close(),
  });
  return Object.assign(layer, {
    hasAnswered: () => answered,
    hasAccepted: () => taken,
    attempts: () => attempts,
    isNobodyThere: () => nobody && !answered,
  });
};
