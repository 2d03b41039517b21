import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../send/sender.js';

interface KeepaliveOptions {
  readonly clock: Clock;
  readonly http2: ClientHttp2Session;
  readonly socket: Socket;
  /** Silence after which a PING is sent. */
  readonly intervalMs: number;
  /** The time for the answer to a PING. */
  readonly timeoutMs: number;
  readonly onDead: () => void;
}

/**
 * grpc-go ends the connection (GOAWAY too_many_pings) at a fourth PING without HEADERS or DATA of the server before
 * it.
 */
const QUICK_PINGS = 3;
/** Further PINGs come no sooner than grpc-go allows by default, 5 minutes, with a margin for the network. */
const LEAST_GAP_MS = 310_000;

/**
 * Finds a peer that is gone without a word. While an answer is owed, it counts the silence since the last frame. A
 * session that is owed nothing gets no PING, since gRPC servers take PINGs without a stream for abuse. A request that
 * was given up still counts as owed, so that a half-open connection is found even between attempts.
 *
 * The pause before a PING doubles with each PING since the last HEADERS or DATA of the peer, and after three of them
 * it is at least 310 s. Servers count PINGs until they have something to send themselves, and end the connection of a
 * client that sends more. So an answer may take as long as its request allows.
 * Source: gRPC proposals A8, client-side keepalive, and A9, server-side; grpc-go's enforcement policy.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #owed = false;
  #quietSince = 0;
  /** PINGs since the last HEADERS or DATA. */
  #pings = 0;
  #pinging = false;
  #stopTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
  }

  /** A request was begun. */
  asked(): void {
    if (this.#owed) return;
    this.#owed = true;
    this.#quietSince = this.#options.clock.now();
    if (this.#stopTimer === undefined) this.#arm(this.#pauseMs);
  }

  /** The peer answered. `owed`: whether other requests still wait. */
  heard(owed: boolean): void {
    this.#owed = owed;
    this.spoke();
  }

  /** HEADERS or DATA of the peer arrived. */
  spoke(): void {
    const pings = this.#pings;
    // A PING under way may reach the peer after it sent this.
    this.#pings = this.#pinging ? 1 : 0;
    this.#quietSince = this.#options.clock.now();
    if (pings === 0 || this.#pinging || this.#stopTimer === undefined) return;
    // The pause that has begun is now a longer one.
    this.#stopTimer();
    this.#arm(this.#pauseMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  get #pauseMs(): number {
    const pauseMs = this.#options.intervalMs * 2 ** Math.min(this.#pings, QUICK_PINGS);
    return this.#pings < QUICK_PINGS ? pauseMs : Math.max(pauseMs, LEAST_GAP_MS);
  }

  #arm(ms: number): void {
    this.#stopTimer = this.#options.clock.after(ms, () => {
      this.#stopTimer = undefined;
      this.#check();
    });
  }

  #check(): void {
    // A session may be gone before it reports so. A PING on it would throw.
    if (this.#stopped || !this.#owed || this.#options.http2.destroyed) return;
    const left = this.#quietSince + this.#pauseMs - this.#options.clock.now();
    if (left > 0) this.#arm(left);
    else this.#ping();
  }

  #ping(): void {
    const { clock, http2, socket, timeoutMs, onDead } = this.#options;
    if (http2.destroyed) return;
    this.#pings += 1;
    this.#pinging = true;
    const readBefore = socket.bytesRead;
    const alive = (): void => {
      this.#pinging = false;
      this.#stopTimer?.();
      this.#stopTimer = undefined;
      if (this.#stopped) return;
      this.#quietSince = clock.now();
      this.#arm(this.#pauseMs);
    };
    this.#stopTimer = clock.after(timeoutMs, () => {
      this.#stopTimer = undefined;
      // A PING can wait behind a long upload. Frames that arrived meanwhile show as much as its answer.
      if (socket.bytesRead > readBefore) alive();
      else onDead();
    });
    http2.ping((error) => {
      if (error === null) alive();
    });
  }
}
