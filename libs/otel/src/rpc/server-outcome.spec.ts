import type { GrpcServerCall } from './grpc-js.js';
import { serverOutcome } from './server-outcome.js';

interface Stream {
  sentHeaders?: object;
  sentTrailers?: object | undefined;
}

/** A call of grpc-js, `leftMs` before its deadline. */
const callOf = (stream: Stream | undefined, leftMs = Infinity): GrpcServerCall =>
  ({ stream, getDeadline: () => Date.now() + leftMs }) as unknown as GrpcServerCall;

const OK = { code: 0, details: 'OK' };

describe('serverOutcome', () => {
  it('uses the status that was sent, with the message of the app', () => {
    const sent = { sentTrailers: { 'grpc-status': 5, 'grpc-message': 'No%20order' } };
    const given = { code: 5, details: 'No order' };
    expect(serverOutcome(callOf(sent), given, 1)).toBe(given);
    expect(serverOutcome(callOf(sent), OK, 1)).toMatchObject({ code: 5, details: 'No order' });
  });

  it('reads a status from headers, and a message with a bad encoding', () => {
    const sent = {
      sentHeaders: { 'grpc-status': '13', 'grpc-message': '%E0%A4%A' },
      sentTrailers: undefined,
    };
    expect(serverOutcome(callOf(sent), undefined, 1)).toMatchObject({
      code: 13,
      details: '%E0%A4%A',
    });
  });

  it('is CANCELLED if the app answered but no status was sent', () => {
    const silent = { sentHeaders: { ':status': 200 }, sentTrailers: undefined };
    expect(serverOutcome(callOf(silent), OK, 1).code).toBe(1);
  });

  it('uses the status of the app if the stream is not accessible', () => {
    expect(serverOutcome(callOf(undefined), OK, 1)).toBe(OK);
    expect(serverOutcome(callOf(undefined), undefined, 1).code).toBe(1);
  });

  it.each([
    ['no deadline', Infinity, 1000, 1],
    ['most of the time left', 900, 100, 1],
    ['less than half of a short time left', 40, 60, 4],
    ['more than half of a short time left', 60, 40, 1],
    ['a tenth of a long time left', 1000, 9000, 1],
    ['a moment of a long time left', 90, 9000, 4],
    ['no time left', -5, 105, 4],
  ])('distinguishes a deadline from a cancellation with %s', (_name, leftMs, elapsedMs, code) => {
    const silent = { sentTrailers: undefined };
    expect(serverOutcome(callOf(silent, leftMs), undefined, elapsedMs).code).toBe(code);
  });
});
