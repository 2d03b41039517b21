import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../send/sender.js';

export interface KeepaliveOptions {
  readonly clock: Clock;
  readonly http2: ClientHttp2Session;
  readonly socket: Socket;
  /** Silence after which a PING is sent. */
  readonly intervalMs: number;
  /** How long its answer may take. */
  readonly timeoutMs: number;
  readonly onDead: () => void;
}

/** A fourth PING without HEADERS or DATA of the server before it ends the connection at grpc-go (GOAWAY too_many_pings). */
const QUICK_PINGS = 3;
/** Further ones come no sooner than grpc-go allows by default, 5 minutes, and a little for the road. */
const LEAST_GAP_MS = 310_000;

/**
 * Finds a peer that is gone without a word. It counts from the last thing heard while an answer is owed: a session that
 * owes nothing is left in peace, since gRPC servers take PINGs without a stream for abuse. A request that was given
 * up leaves its answer owed, so that a half-open connection is found even between attempts.
 *
 * The pause before a PING doubles with each since the last HEADERS or DATA of the peer, and after three of them it is 310 s
 * at least: servers count PINGs until they have something to send themselves, and end the connection of whoever sends
 * more. An answer may so take as long as its request allows.
 * Source: gRPC proposals A8, client-side keepalive, and A9, server-side; grpc-go's enforcement policy.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #owed = false;
  #quietSince = 0;
  /** Since the last HEADERS or DATA. */
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

  /** The peer answered; `owed` says whether others still wait. */
  heard(owed: boolean): void {
    this.#owed = owed;
    this.spoke();
  }

  /** HEADERS or DATA of the peer came. */
  spoke(): void {
    const pings = this.#pings;
    // One under way may reach the peer after it spoke.
    this.#pings = this.#pinging ? 1 : 0;
    this.#quietSince = this.#options.clock.now();
    if (pings === 0 || this.#pinging || this.#stopTimer === undefined) return;
    // The pause that has begun is a longer one.
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
    // A session may be gone before it says so; a PING on it would throw.
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
      // A PING can wait behind a long upload; frames that came meanwhile say as much as its answer.
      if (socket.bytesRead > readBefore) alive();
      else onDead();
    });
    http2.ping((error) => {
      if (error === null) alive();
    });
  }
}
