import { GRPC_CODES } from '../wire/status-codes.js';
import { delayOf, exportVerdict, grpcVerdict, httpVerdict, proxyVerdict } from './verdict.js';

const NOW = Date.parse('Fri, 20 Nov 2026 11:00:00 GMT');

describe('grpcVerdict', () => {
  it('follows the table of OTLP for all codes', () => {
    const kinds = GRPC_CODES.map((code) => [code, grpcVerdict({ code, message: '' }).kind]);
    expect(Object.fromEntries(kinds)).toEqual({
      OK: 'accepted',
      CANCELLED: 'retry',
      UNKNOWN: 'refused',
      INVALID_ARGUMENT: 'refused',
      DEADLINE_EXCEEDED: 'retry',
      NOT_FOUND: 'refused',
      ALREADY_EXISTS: 'refused',
      PERMISSION_DENIED: 'refused',
      RESOURCE_EXHAUSTED: 'refused',
      FAILED_PRECONDITION: 'refused',
      ABORTED: 'retry',
      OUT_OF_RANGE: 'retry',
      UNIMPLEMENTED: 'refused',
      INTERNAL: 'refused',
      UNAVAILABLE: 'retry',
      DATA_LOSS: 'retry',
      UNAUTHENTICATED: 'refused',
    });
  });

  it.each([
    [0, 0],
    [1000, 1000],
    [10 * 365 * 86_400_000, 10 * 365 * 86_400_000],
    [-5, undefined],
  ])(
    'tries RESOURCE_EXHAUSTED with a RetryInfo of %i ms again after %p ms',
    (retryAfterMs, afterMs) => {
      const verdict = grpcVerdict({ code: 'RESOURCE_EXHAUSTED', message: '', retryAfterMs });
      const reason = 'RESOURCE_EXHAUSTED';
      expect(verdict).toEqual({ kind: 'retry', reason, ...(afterMs !== undefined && { afterMs }) });
    },
  );

  it('takes a delay only from a code that OTLP allows to try again', () => {
    const retryAfterMs = 7;
    expect(grpcVerdict({ code: 'UNAVAILABLE', message: '', retryAfterMs })).toMatchObject({
      kind: 'retry',
      afterMs: 7,
    });
    expect(grpcVerdict({ code: 'INTERNAL', message: '', retryAfterMs }).kind).toBe('refused');
  });
});

describe('httpVerdict', () => {
  it('follows the table of OTLP for every status', () => {
    const byKind = new Map<string, number[]>();
    for (let status = 200; status < 600; status++) {
      const { kind } = httpVerdict(status, undefined);
      byKind.set(kind, [...(byKind.get(kind) ?? []), status]);
    }
    expect(byKind.get('retry')).toEqual([429, 502, 503, 504]);
    expect(byKind.get('accepted')).toEqual(Array.from({ length: 100 }, (_, at) => 200 + at));
    expect(byKind.get('refused')).toHaveLength(400 - 104);
    expect(httpVerdict(307, undefined)).toEqual({ kind: 'refused', reason: '307' });
  });

  it('takes Retry-After only from a status that OTLP allows to try again', () => {
    expect(httpVerdict(503, '5', NOW)).toEqual({ kind: 'retry', reason: '503', afterMs: 5000 });
    expect(httpVerdict(400, '5', NOW)).toEqual({ kind: 'refused', reason: '400' });
  });
});

it.each([
  ['0', 0],
  [' 5 ', 5000],
  ['315360000', 315_360_000_000],
  ['Fri, 20 Nov 2026 11:00:07 GMT', 7000],
  ['Friday, 20-Nov-26 11:00:07 GMT', 7000],
  ['Fri, 20 Nov 2020 11:00:00 GMT', 0],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['Fri, 99 Nov 2026', undefined],
  ['', undefined],
  [undefined, undefined],
])('reads Retry-After %p as %p', (value, delay) => {
  expect(delayOf(value, NOW)).toBe(delay);
});

it('gives the gRPC code for an HTTP reply that is not gRPC', () => {
  const reasons = [400, 401, 403, 404, 429, 502, 503, 504, 200, 500, 302].map((status) => {
    const outcome = proxyVerdict(status, '7', NOW);
    return [outcome.kind, 'reason' in outcome && outcome.reason];
  });
  expect(reasons).toEqual([
    ['refused', 'INTERNAL'],
    ['refused', 'UNAUTHENTICATED'],
    ['refused', 'PERMISSION_DENIED'],
    ['refused', 'UNIMPLEMENTED'],
    ['retry', '429'],
    ['retry', '502'],
    ['retry', '503'],
    ['retry', '504'],
    ['refused', 'UNKNOWN'],
    ['refused', 'UNKNOWN'],
    ['refused', 'UNKNOWN'],
  ]);
  expect(proxyVerdict(429, '7', NOW)).toMatchObject({ afterMs: 7000 });
});

it.each(['RESOURCE_EXHAUSTED', 'OUT_OF_RANGE'] as const)(
  'learns from the message of %s that the request was too large',
  (code) => {
    const message = 'Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes';
    expect(grpcVerdict({ code, message })).toEqual({
      kind: 'refused',
      reason: code,
      tooLarge: true,
    });
  },
);

describe('exportVerdict', () => {
  it.each([
    [0, { kind: 'accepted' }],
    [-3, { kind: 'accepted' }],
    [NaN, { kind: 'accepted' }],
    [3, { kind: 'partial', rejected: 3, reason: 'm' }],
    [99, { kind: 'partial', rejected: 10, reason: 'm' }],
  ])('gives the outcome when the collector rejects %p of 10 items', (rejected, outcome) => {
    expect(exportVerdict({ rejected, message: 'm' }, 10)).toEqual(outcome);
  });

  it('shortens the reason to 256 characters', () => {
    const outcome = exportVerdict({ rejected: 1, message: 'x'.repeat(10_000) }, 1);
    expect(outcome).toHaveProperty('reason.length', 256);
  });
});
