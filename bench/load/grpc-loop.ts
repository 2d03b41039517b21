import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import type { LoadResult } from './closed-loop.ts';
import { DISTINCT_REQUESTS, traceparentOf } from './requests.ts';
import type { Traffic } from './requests.ts';

/** As a client of grpc-js has them for one server. */
const SESSIONS = 2;
const FRAME_HEAD = 5;
const FIELD_ID = 0x0a;

/** A message of `bench.v1.GetRequest`, in the frame of gRPC. */
function messageOf(id: string): Buffer {
  const body = Buffer.from([FIELD_ID, id.length, ...Buffer.from(id)]);
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

interface Call {
  readonly headers: Readonly<Record<string, string>>;
  readonly message: Buffer;
}

export const callsOf = (path: string, traffic: Traffic): readonly Call[] =>
  Array.from({ length: DISTINCT_REQUESTS }, (_, index) => {
    const traceparent = traceparentOf(index, traffic);
    return {
      headers: {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'user-agent': 'grpc-node-js/1.14.7',
        ...(traceparent !== undefined && { traceparent }),
      },
      message: messageOf(String(index + 1)),
    };
  });

/** Makes one call. Resolves with whether its status was OK. */
function call(session: ClientHttp2Session, { headers, message }: Call): Promise<boolean> {
  return new Promise((resolve) => {
    let status: unknown;
    const stream = session.request(headers);
    stream.on('trailers', (trailers) => (status = trailers['grpc-status']));
    stream.on('error', () => {});
    stream.on('close', () => resolve(String(status) === '0'));
    stream.resume();
    stream.end(message);
  });
}

/** Makes `count` calls, so many at once, each the next one when the last is answered. */
export async function grpcLoop(
  port: number,
  calls: readonly Call[],
  atOnce: number,
  count: number,
): Promise<LoadResult> {
  const sessions = Array.from({ length: SESSIONS }, () => {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    return session;
  });
  let sent = 0;
  let failed = 0;
  const one = async (session: ClientHttp2Session): Promise<void> => {
    while (sent < count) {
      const next = calls[sent % calls.length];
      sent += 1;
      if (next === undefined || session.destroyed || !(await call(session, next))) failed += 1;
    }
  };
  const startedAt = performance.now();
  const lines = Array.from({ length: atOnce }, (_, line) => sessions[line % SESSIONS]);
  await Promise.all(lines.map((session) => session && one(session)));
  const elapsedMs = performance.now() - startedAt;
  for (const session of sessions) session.destroy();
  return { requests: sent, failed, elapsedMs };
}
