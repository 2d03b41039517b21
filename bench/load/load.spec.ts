import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { useLeakCheck } from '@nestlens/testing';
import { closedLoop } from './closed-loop.ts';
import { answerIn } from './connection.ts';
import { openLoop, percentileOf } from './open-loop.ts';
import { DISTINCT_REQUESTS, requestsOf, traceparentOf } from './requests.ts';

const NONE = { traced: 0, sampled: 0 };

useLeakCheck();

describe('the load', () => {
  let server: Server;
  let port: number;
  const seen: IncomingMessage[] = [];
  let most = 0;
  let handle: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    seen.length = 0;
    most = 0;
    handle = (_request, response) => response.end('{}');
    let open = 0;
    server = createServer((request, response) => {
      seen.push(request);
      most = Math.max(most, (open += 1));
      response.on('close', () => (open -= 1));
      response.setHeader('content-length', 2);
      handle(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('of a closed loop is as many requests as were asked for, over so many connections', async () => {
    const requests = requestsOf({ port, ...NONE });
    const result = await closedLoop(port, requests, 4, 250);
    expect(result).toMatchObject({ requests: 250, failed: 0 });
    expect(seen.length).toBe(250);
    expect(new Set(seen.map(({ socket }) => socket)).size).toBe(4);
    expect(most).toBeLessThanOrEqual(4);
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/orders/1' });
  });

  it('counts answers that are not 200 as failed, and goes on', async () => {
    handle = (_request, response) => {
      response.statusCode = seen.length % 5 === 0 ? 500 : 200;
      response.end('{}');
    };
    const result = await closedLoop(port, requestsOf({ port, ...NONE }), 2, 50);
    expect(result).toMatchObject({ requests: 50, failed: 10 });
  });

  it('ends where the server ends all connections, with what is missing as failed', async () => {
    handle = (request, response) => {
      if (seen.length > 10) request.socket.destroy();
      else response.end('{}');
    };
    const result = await closedLoop(port, requestsOf({ port, ...NONE }), 2, 50);
    expect(result.failed).toBe(40);
  });

  it('takes an answer that comes in pieces', async () => {
    handle = (_request, response) => {
      response.write('{');
      setImmediate(() => response.end('}'));
    };
    const result = await closedLoop(port, requestsOf({ port, ...NONE }), 3, 30);
    expect(result).toMatchObject({ requests: 30, failed: 0 });
  });

  it('is refused where nobody listens', async () => {
    const requests = requestsOf({ port: 1, ...NONE });
    await expect(closedLoop(1, requests, 2, 10)).rejects.toThrow('takes no connection');
  });

  it('of an open loop sends all that is due, in the time before it measures too', async () => {
    const requests = requestsOf({ port, ...NONE });
    const given = { perSecond: 500, forMs: 200, warmMs: 100 };
    const result = await openLoop(port, requests, 8, given);
    expect(result).toMatchObject({ requests: 150, failed: 0 });
    expect(seen.length).toBe(150);
  });

  it('of an open loop counts the wait for a connection: a request that was held up is not fast', async () => {
    let now = 0;
    handle = (_request, response) => {
      // The first answer takes long, the others no time; all were due meanwhile.
      if (seen.length === 1) now = 300;
      response.end('{}');
    };
    const requests = requestsOf({ port, ...NONE });
    const given = { perSecond: 1000, forMs: 50, warmMs: 0 };
    const result = await openLoop(port, requests, 1, given, { now: () => now });
    expect(result).toMatchObject({ requests: 50, failed: 0, p50Ms: 275, p99Ms: 300, maxMs: 300 });
  });
});

describe('requests', () => {
  const traffic = { port: 0, traced: 0.5, sampled: 0.1 };
  const parents = Array.from({ length: DISTINCT_REQUESTS }, (_, index) =>
    traceparentOf(index, traffic),
  );

  it('carry a trace in the share that was asked for, and the sampled flag in a share of these', () => {
    const traced = parents.filter((parent) => parent !== undefined);
    expect(traced.length).toBe(DISTINCT_REQUESTS / 2);
    expect(traced.filter((parent) => parent.endsWith('-01')).length).toBe(DISTINCT_REQUESTS / 20);
    for (const parent of traced) expect(parent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-0[01]$/);
    expect(new Set(traced.map((parent) => parent.slice(3, 35))).size).toBe(traced.length);
  });

  it('are the same in each run', () => {
    expect(requestsOf(traffic)).toEqual(requestsOf(traffic));
    expect(requestsOf(traffic)[7]?.toString()).toMatch(
      /^GET \/orders\/8 HTTP\/1\.1\r\n[^]*\r\n\r\n$/,
    );
  });
});

describe('an answer', () => {
  it('has a length once its head is there', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n';
    expect(answerIn(Buffer.from(head.slice(0, -1)))).toBeUndefined();
    expect(answerIn(Buffer.from(`${head}123`))).toEqual({ length: head.length + 7, isGood: true });
    const bad = Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
    expect(answerIn(bad)?.isGood).toBe(false);
    expect(() => answerIn(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('without a length');
  });

  it('is at a percentile the value that so many do not exceed', () => {
    const sorted = Float64Array.from({ length: 200 }, (_, index) => index + 1);
    expect(percentileOf(sorted, 0.99)).toBe(198);
    expect(percentileOf(sorted, 0.5)).toBe(100);
    expect(percentileOf(Float64Array.of(3), 0.99)).toBe(3);
  });
});
