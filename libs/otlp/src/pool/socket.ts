import { connect as connectTcp, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Clock } from '../send/sender.js';
import type { Endpoint } from './endpoint.js';
import { failureReason } from './failure.js';
import type { TlsFiles } from './tls-files.js';

export interface SocketOptions {
  readonly endpoint: Endpoint;
  /** Undefined: Node's own roots and no client certificate, if the endpoint uses TLS. */
  readonly tls?: TlsFiles | undefined;
  readonly alpn?: string;
  /** Resolves names to addresses, again for each connection. */
  readonly lookup: LookupFunction;
  /** A tunnel to speak TLS in, instead of a new TCP connection. */
  readonly over?: Duplex;
  readonly clock: Clock;
  /** Time for the TCP and TLS handshakes together, in ms. */
  readonly connectTimeoutMs: number;
}

type Connected =
  | { readonly kind: 'connected'; readonly socket: Socket }
  | { readonly kind: 'failed'; readonly reason: string };

/** A connection that is being made. */
export interface Connecting {
  readonly result: Promise<Connected>;
  /** Settles as `failed` with that reason, and leaves nothing open. */
  cancel(reason: string): void;
  /** The error that broke the socket, also after it was connected: TLS 1.3 refuses a client's certificate only then. */
  readonly broken: string | undefined;
}

/** Node tries several addresses (happy eyeballs): `autoSelectFamily` is on by default. */
export function openSocket(options: SocketOptions): Connecting {
  const { endpoint, tls, lookup, alpn } = options;
  const socket = endpoint.tls ? openTls(options) : openTcp(endpoint, lookup);
  let broken: string | undefined;
  let settle: (result: Connected) => void;
  const result = new Promise<Connected>((resolve) => (settle = resolve));
  function fail(reason: string): void {
    stopTimer();
    settle({ kind: 'failed', reason });
    socket.destroy();
  }
  const stopTimer = options.clock.after(options.connectTimeoutMs, () => fail('connect_timeout'));
  // This listener stays: a socket without an owner must not throw.
  socket.on('error', (error) => {
    if (endpoint.tls && !socket.connecting) void tls?.refresh(true);
    broken ??= failureReason(error);
    fail(broken);
  });
  function onClose(): void {
    fail('connection_closed');
  }
  socket.once('close', onClose);
  socket.once(endpoint.tls ? 'secureConnect' : 'connect', () => {
    if (alpn !== undefined && endpoint.tls && alpnOf(socket) !== alpn) return fail('alpn');
    stopTimer();
    socket.off('close', onClose);
    settle({ kind: 'connected', socket });
  });
  return {
    result,
    cancel: fail,
    get broken() {
      return broken;
    },
  };
}

/**
 * Closes it so that bytes waiting in the kernel are discarded: on a slow link they would delay all that follows. Node
 * cannot do that with TLS and unix sockets, which are closed normally.
 */
export function cutOff(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}

function openTcp(endpoint: Endpoint, lookup: LookupFunction): Socket {
  if (endpoint.socketPath !== undefined) return connectTcp({ path: endpoint.socketPath });
  const { host, port } = endpoint;
  return connectTcp({ host, port, noDelay: true, lookup });
}

function openTls({ endpoint, tls, alpn, lookup, over }: SocketOptions): Socket {
  const servername = tls?.serverName ?? (isIP(endpoint.host) === 0 ? endpoint.host : undefined);
  const socket = connectTls({
    host: endpoint.host,
    port: endpoint.port,
    minVersion: 'TLSv1.2',
    ...(servername !== undefined && { servername }),
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
    ...(tls && { secureContext: tls.context }),
    lookup,
    ...(over && { socket: over }),
  });
  socket.setNoDelay(true);
  return socket;
}

function alpnOf(socket: Socket): unknown {
  return (socket as { alpnProtocol?: unknown }).alpnProtocol;
}
