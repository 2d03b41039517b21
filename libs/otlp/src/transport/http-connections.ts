import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Endpoint } from '../pool/endpoint.js';
import { openSocket } from '../pool/socket.js';
import type { SocketOptions } from '../pool/socket.js';
import { tunnelTo } from './proxy.js';

interface HttpConnectionsOptions extends SocketOptions {
  /** Undefined: connects to the endpoint directly. */
  readonly proxy: Endpoint | undefined;
  readonly maxSockets: number;
  /** Age after which a connection is not reused, in ms; ±20 %. */
  readonly maxAgeMs: number;
  readonly random: () => number;
}

type Handed = (error: Error | null, socket: Duplex) => void;

interface Made {
  readonly tlsVersion: number;
  readonly until: number;
}

/** Keep-alive connections to one endpoint, with TLS and through a proxy where configured. Node unrefs idle ones. */
export class HttpConnections extends Agent {
  readonly #options: HttpConnectionsOptions;
  readonly #connecting = new Set<{ cancel(reason: string): void }>();
  readonly #made = new WeakMap<Duplex, Made>();
  #closed = false;

  constructor(options: HttpConnectionsOptions) {
    super({ keepAlive: true, maxSockets: options.maxSockets });
    this.#options = options;
  }

  override createConnection(_options: unknown, callback?: Handed): undefined {
    void this.#hand(callback!);
  }

  /** A connection that is too old, or was made with older certificates, is closed after its request. */
  override keepSocketAlive(socket: Duplex): boolean {
    const made = this.#made.get(socket);
    const { tls, clock } = this.#options;
    if (made === undefined || made.until <= clock.now()) return false;
    if (this.#closed || made.tlsVersion < (tls?.version ?? 0)) return false;
    const tcp = socket as Socket;
    tcp.setKeepAlive(true, 1000);
    tcp.unref();
    return true;
  }

  /** Also cuts connections that are in use. */
  override destroy(): void {
    this.#closed = true;
    for (const connecting of this.#connecting) connecting.cancel('closed');
    super.destroy();
  }

  /** Checks the certificates, and closes idle connections that were made with older ones. */
  followTls(): void {
    const { tls } = this.#options;
    if (tls === undefined) return;
    void tls.refresh();
    for (const socket of Object.values(this.freeSockets).flat()) {
      if (socket !== undefined && !this.#isFresh(socket)) socket.destroy();
    }
  }

  /** A peer that did not answer on one connection will not answer on those that were kept with it. */
  dropIdle(): void {
    for (const socket of Object.values(this.freeSockets).flat()) socket?.destroy();
  }

  #isFresh(socket: Duplex): boolean {
    return (this.#made.get(socket)?.tlsVersion ?? 0) >= (this.#options.tls?.version ?? 0);
  }

  async #hand(handed: Handed): Promise<void> {
    let socket: Duplex;
    try {
      socket = await this.#connect();
    } catch (error) {
      handed(error as Error, undefined as never);
      return;
    }
    handed(null, socket);
  }

  /** Rejects with an error whose `code` is the reason, as sockets do. */
  async #connect(): Promise<Duplex> {
    const { clock, maxAgeMs, random, proxy, endpoint, tls } = this.#options;
    const tlsVersion = tls?.version ?? 0;
    const socket =
      proxy === undefined ? await this.#open(this.#options) : await this.#through(proxy, endpoint);
    const until = clock.now() + maxAgeMs * (0.8 + 0.4 * random());
    this.#made.set(socket, { tlsVersion, until });
    return socket;
  }

  async #through(proxy: Endpoint, endpoint: Endpoint): Promise<Duplex> {
    const { clock, connectTimeoutMs } = this.#options;
    // The TLS files are for the collector. A proxy with TLS is verified against Node's own roots.
    const near = await this.#open({ ...this.#options, endpoint: proxy, tls: undefined }, 'proxy_');
    const tunnelling = tunnelTo(endpoint, proxy, near);
    this.#connecting.add(tunnelling);
    const stopTimer = clock.after(connectTimeoutMs, () => tunnelling.cancel('timeout'));
    const tunnel = await tunnelling.result;
    stopTimer();
    this.#connecting.delete(tunnelling);
    if (tunnel.kind === 'failed') throw failed(tunnel.reason);
    return endpoint.tls ? this.#open({ ...this.#options, over: tunnel.socket }) : tunnel.socket;
  }

  async #open(options: SocketOptions, prefix = ''): Promise<Socket> {
    if (this.#closed) throw failed('closed');
    const connecting = openSocket(options);
    this.#connecting.add(connecting);
    const connected = await connecting.result;
    this.#connecting.delete(connecting);
    if (connected.kind === 'connected') return connected.socket;
    throw failed(prefix + connected.reason);
  }
}

function failed(reason: string): Error {
  return Object.assign(new Error(reason), { code: reason });
}
