import type { Outcome } from '../send/outcome.js';

/**
 * The side that caused an outcome. `none`: the peer did its work, even if it refused the request. `busy`: the peer
 * works and asks for fewer requests. `own`: the outcome says nothing about the peer. `peer`: all other outcomes.
 */
type Fault = 'none' | 'busy' | 'own' | 'peer';

const BUSY: ReadonlySet<string> = new Set(['RESOURCE_EXHAUSTED', '429']);

/** Reasons that our own layers give. */
export const BREAKER_OPEN = 'breaker_open';
export const TIMEOUT = 'timeout';
export const LOOP_BLOCKED = 'event_loop_blocked';
/** The deadline came first, and nothing can have arrived. */
export const ABORTED = 'aborted';
/** The deadline came before the answer, or after an attempt that may have arrived. */
export const UNANSWERED = 'unanswered';
export const CLOSED = 'closed';

/** The transport's, of an attempt whose headers had not come in time; they may come yet. */
export const HEADERS_TIMEOUT = 'headers_timeout';

const OWN: ReadonlySet<string> = new Set([BREAKER_OPEN, LOOP_BLOCKED, ABORTED, UNANSWERED, CLOSED]);

export function faultOf(outcome: Outcome): Fault {
  if (outcome.kind === 'accepted' || outcome.kind === 'partial') return 'none';
  if (OWN.has(outcome.reason)) return 'own';
  if (BUSY.has(outcome.reason)) return 'busy';
  return outcome.kind === 'refused' ? 'none' : 'peer';
}

const NOT_ARRIVED: ReadonlySet<string> = new Set([
  ABORTED,
  BREAKER_OPEN,
  'connect_timeout',
  'EACCES',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'headers',
  HEADERS_TIMEOUT,
  'REFUSED_STREAM',
  // Answers of a collector that took nothing.
  'ABORTED',
  'OUT_OF_RANGE',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
  'tls_expected',
  '429',
  '503',
]);

const NO_SECURE_CONNECTION = /^(CERT_|DEPTH_ZERO_|ERR_SSL_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_)/;

/**
 * The collector may have taken the batch although the attempt failed, so that sending it again may double it.
 * True for reasons that leave it open.
 */
export function mayHaveArrived(reason: string): boolean {
  return !NOT_ARRIVED.has(reason) && !NO_SECURE_CONNECTION.test(reason);
}
