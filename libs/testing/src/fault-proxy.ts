import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { carry, Link } from './fault-pipe.js';
import { systemClock } from './manual-clock.js';
import type { Clock } from './manual-clock.js';
import { seededRandom } from './seeded-random.js';

/** The faults of one direction. Default: none. */
export interface FlowFaults {
  /** Latency added to each chunk, in ms. */
  latencyMs?: number;
  /** Largest random deviation from the latency, in ms, from the seed. */
  jitterMs?: number;
  /** Size of the pieces in which bytes are written. */
  sliceBytes?: number;
  /** Bandwidth limit of each connection. */
  bytesPerSecond?: number;
  /** Bandwidth limit of all connections together. */
  linkBytesPerSecond?: number;
}

/** Faults of both directions. */
export interface ProxyFaults {
  /** Faults from client to target. */
  up?: FlowFaults;
  /** Faults from target to client. */
  down?: FlowFaults;
  /**
   * Connections are accepted and stay open, but carry nothing. A connection that was open in this state, even idle,
   * never recovers.
   */
  blackHole?: boolean;
  /** Probability that a new connection is reset at once, from 0 to 1, from the seed. */
  resetRate?: number;
}

/** Options of `FaultProxy`. */
export interface FaultProxyOptions {
  readonly target: { readonly host?: string; readonly port: number };
  /** Faults of both directions. Default: none. */
  readonly faults?: ProxyFaults;
  /** Seed of the random numbers. Default: 1. */
  readonly seed?: number;
  /** Clock for latency and bandwidth. Default: the real one. */
  readonly clock?: Clock;
}

interface Connection {
  readonly client: Socket;
  readonly target: Socket;
  readonly cut: AbortController;
  black: boolean;
  /** True once the client has sent bytes that were not carried. */
  swallowed: boolean;
}

/** A TCP proxy on a free loopback port, with faults on demand. */
export class FaultProxy implements AsyncDisposable {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #random: () => number;
  readonly #connections = new Set<Connection>();
  readonly #up: Link;
  readonly #down: Link;
  #faults: ProxyFaults;
  #server: Server | undefined;
  #port = 0;
  #accepted = 0;
  #swallowed = 0;

  constructor({ target, faults = {}, seed = 1, clock = systemClock }: FaultProxyOptions) {
    this.#up = new Link(clock);
    this.#down = new Link(clock);
    this.#target = { host: target.host ?? '127.0.0.1', port: target.port };
    this.#faults = faults;
    this.#random = seededRandom(seed);
  }

  /** Starts a proxy that listens. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.up();
    return proxy;
  }

  /** The port, which does not change for the life of the proxy. */
  get port(): number {
    return this.#port;
  }

  /** Number of accepted connections. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Number of open connections. */
  get open(): number {
    return this.#connections.size;
  }

  /** Number of connections on which a client sent bytes into the black hole. */
  get swallowed(): number {
    return this.#swallowed;
  }

  /** Number of bytes sent to the target. */
  get carriedUp(): number {
    return this.#up.bytes;
  }

  /** Replaces the faults, also for open connections. */
  set(faults: ProxyFaults): void {
    this.#faults = faults;
    if (faults.blackHole !== true) return;
    for (const connection of this.#connections) connection.black = true;
  }

  /** Listens on the port that it had before. Safe to call while it listens. */
  async up(): Promise<void> {
    if (this.#server !== undefined) return;
    // Sockets may be half-open, so that each direction ends by itself, like without a proxy.
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Refuses new connections and resets the open ones. Safe to call while it is down. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    this.reset();
    await closed;
  }

  /** Resets every open connection on both sides (RST), and accepts new ones. */
  reset(): void {
    for (const connection of this.#connections) cut(connection);
  }

  /** Calls {@link down}. */
  close(): Promise<void> {
    return this.down();
  }

  /** Stops the proxy. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.down();
  }

  #accept(client: Socket): void {
    this.#accepted++;
    client.on('error', () => {});
    if (this.#random() < (this.#faults.resetRate ?? 0)) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ ...this.#target, allowHalfOpen: true });
    const connection: Connection = {
      client,
      target,
      cut: new AbortController(),
      black: this.#faults.blackHole === true,
      swallowed: false,
    };
    this.#connections.add(connection);
    target.on('error', () => cut(connection));
    client.on('error', () => cut(connection));
    const leave = (): void => {
      if (client.closed && target.closed) this.#connections.delete(connection);
    };
    client.once('close', leave);
    target.once('close', leave);
    void this.#carryBoth(connection);
  }

  async #carryBoth(connection: Connection): Promise<void> {
    const {
      client,
      target,
      cut: { signal },
    } = connection;
    await Promise.all([
      carry(client, target, () => this.#flow('up', connection), this.#up, this.#random, signal),
      carry(target, client, () => this.#flow('down', connection), this.#down, this.#random, signal),
    ]);
  }

  #flow(direction: 'up' | 'down', connection: Connection): FlowFaults {
    connection.black ||= this.#faults.blackHole === true;
    if (connection.black && direction === 'up' && !connection.swallowed) {
      connection.swallowed = true;
      this.#swallowed += 1;
    }
    return connection.black ? BLACK_HOLE : (this.#faults[direction] ?? {});
  }
}

/** A delay that is never reached. */
const BLACK_HOLE: FlowFaults = { latencyMs: 2 ** 31 - 1 };

const cut = ({ client, target, cut: controller }: Connection): void => {
  if (controller.signal.aborted) return;
  controller.abort();
  sever(client);
  sever(target);
};

/**
 * Closes with RST. A socket that is ending cannot be reset, and a reset would wait for bytes that nobody reads.
 */
const sever = (socket: Socket): void => {
  if (socket.writableEnded || socket.writableLength > 0) socket.destroy();
  else socket.resetAndDestroy();
};
