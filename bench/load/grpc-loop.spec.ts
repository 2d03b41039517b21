import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { useLeakCheck } from '@nestlens/testing';
import { callsOf, grpcLoop } from './grpc-loop.ts';

useLeakCheck();

describe('the load of gRPC', () => {
  let server: Http2Server;
  let port: number;
  const seen: IncomingHttpHeaders[] = [];
  const bodies: string[] = [];
  let statusOf: (nth: number) => string;

  beforeEach(async () => {
    seen.length = 0;
    bodies.length = 0;
    statusOf = () => '0';
    server = createServer();
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      seen.push(headers);
      const nth = seen.length;
      stream.setEncoding('latin1');
      stream.on('data', (text: string) => bodies.push(text));
      stream.on('end', () => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': statusOf(nth) }));
        stream.end(Buffer.alloc(5));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  const calls = () => callsOf('/bench.v1.Orders/Get', { port, traced: 0.5, sampled: 1 });

  it('is as many calls as were asked for, half of them with a trace', async () => {
    const result = await grpcLoop(port, calls(), 4, 100);
    expect(result).toMatchObject({ requests: 100, failed: 0 });
    expect(seen.length).toBe(100);
    expect(seen.filter(({ traceparent }) => traceparent !== undefined).length).toBe(50);
    expect(seen[0]).toMatchObject({ ':path': '/bench.v1.Orders/Get', te: 'trailers' });
  });

  it('sends the message in the frame of gRPC: a flag, the length, a field', async () => {
    await grpcLoop(port, calls(), 1, 10);
    expect(bodies[0]).toBe('\0\0\0\0\u0003\n\u00011');
    expect(bodies[9]).toBe('\0\0\0\0\u0004\n\u000210');
  });

  it('counts a call whose status is not OK as failed', async () => {
    statusOf = (nth) => (nth % 10 === 0 ? '13' : '0');
    const result = await grpcLoop(port, calls(), 2, 50);
    expect(result).toMatchObject({ requests: 50, failed: 5 });
  });

  it('ends where nobody listens, with all calls as failed', async () => {
    const result = await grpcLoop(1, calls(), 2, 10);
    expect(result).toMatchObject({ requests: 10, failed: 10 });
  });
});
