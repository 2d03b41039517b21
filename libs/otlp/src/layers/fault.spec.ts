import { accepted, partial, refused, retry } from '../send/outcome.js';
import { faultOf, mayHaveArrived } from './fault.js';

describe('faultOf', () => {
  it.each([
    [accepted, 'none'],
    [partial(1, 'x'), 'none'],
    [refused('INVALID_ARGUMENT'), 'none'],
    [refused('RESOURCE_EXHAUSTED'), 'busy'],
    [refused('closed'), 'own'],
    [retry('RESOURCE_EXHAUSTED', 5), 'busy'],
    [retry('429'), 'busy'],
    [retry('aborted'), 'own'],
    [retry('unanswered'), 'own'],
    [retry('event_loop_blocked'), 'own'],
    [retry('breaker_open', 5), 'own'],
    [retry('UNAVAILABLE'), 'peer'],
    [retry('timeout'), 'peer'],
    [retry('ECONNREFUSED'), 'peer'],
    [retry('never heard of'), 'peer'],
  ] as const)('returns, for %p, %s', (outcome, fault) => {
    expect(faultOf(outcome)).toBe(fault);
  });
});

describe('mayHaveArrived', () => {
  it.each([
    'ECONNRESET',
    'unanswered',
    'timeout',
    'connection_closed',
    'DEADLINE_EXCEEDED',
    '504',
    'unknown',
  ])('is true for %s', (reason) => {
    expect(mayHaveArrived(reason)).toBe(true);
  });

  it.each([
    'aborted',
    'ECONNREFUSED',
    'connect_timeout',
    'REFUSED_STREAM',
    'UNAVAILABLE',
    '503',
    'tls_expected',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ])('is false for %s', (reason) => {
    expect(mayHaveArrived(reason)).toBe(false);
  });
});
