import { encodeStatus } from '../wire/index.js';
import { decodeGrpcMessage, grpcStatusIn } from './grpc-status.js';

function details(retryAfterMs: number): string {
  return Buffer.from(encodeStatus({ code: 8, message: '', retryAfterMs })).toString('base64');
}

describe('grpcStatusIn', () => {
  it('reads code, message and RetryInfo', () => {
    expect(
      grpcStatusIn({
        'grpc-status': '8',
        'grpc-message': 'too%20much',
        'grpc-status-details-bin': details(1500),
      }),
    ).toEqual({ code: 'RESOURCE_EXHAUSTED', message: 'too much', retryAfterMs: 1500 });
  });

  it('accepts base64 without padding, as gRPC sends it', () => {
    const unpadded = details(1000).replace(/=+$/, '');
    expect(
      grpcStatusIn({ 'grpc-status': '14', 'grpc-status-details-bin': unpadded })?.retryAfterMs,
    ).toBe(1000);
  });

  it.each(['!!!', 'AAAA', Buffer.from('garbage').toString('base64'), 'A'.repeat(100_000)])(
    'ignores details that cannot be read',
    (garbage) => {
      expect(grpcStatusIn({ 'grpc-status': '8', 'grpc-status-details-bin': garbage })).toEqual({
        code: 'RESOURCE_EXHAUSTED',
        message: '',
      });
    },
  );

  it.each(['17', '99', '-1', 'x', '', '0x1', '1e1'])('reads the status %p as UNKNOWN', (number) => {
    expect(grpcStatusIn({ 'grpc-status': number })?.code).toBe('UNKNOWN');
  });

  it('is undefined without a status', () => {
    expect(grpcStatusIn({ 'grpc-message': 'x' })).toBeUndefined();
  });
});

it.each([
  ['plain', 'plain'],
  ['a%20b%E2%82%AC', 'a b€'],
  ['100%', '100%'],
  ['%zz%4', '%zz%4'],
  ['%ff', '\uFFFD'],
  ['x'.repeat(5000), 'x'.repeat(1024)],
  ['%41'.repeat(5000), 'A'.repeat(1024)],
])('decodes the message %.20s', (text, message) => {
  expect(decodeGrpcMessage(text)).toBe(message);
});
