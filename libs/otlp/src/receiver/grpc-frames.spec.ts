import { encodeGrpcMessage, frame, unframe } from './grpc-frames.js';

describe('gRPC frames', () => {
  it('keep a message unchanged', () => {
    const message = Buffer.from('abc');
    expect(frame(message).toString('hex')).toBe('0000000003616263');
    expect(unframe(frame(message))).toEqual({ kind: 'message', compressed: false, message });
  });

  it('encode a grpc-message in percent, and bound it', () => {
    expect(encodeGrpcMessage('plain ~!')).toBe('plain ~!');
    expect(encodeGrpcMessage('50 %\r\né')).toBe('50 %25%0D%0A%C3%A9');
    expect(encodeGrpcMessage('x'.repeat(5000))).toHaveLength(1024);
  });
});
