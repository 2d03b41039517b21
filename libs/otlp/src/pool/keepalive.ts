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

/**
 * Finds a peer that is gone without a word. It counts from the last thing heard while an answer is owed: a session that
 * owes nothing is left in peace, since gRPC servers take PINGs without a stream for abuse. A request that was given
 * up leaves its answer owed, so that a half-open connection is found even between attempts.
 * Source: gRPC proposal A8, client-side keepalive.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #owed = false;
  #quietSince = 0;
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
    if (this.#stopTimer === undefined) this.#arm(this.#options.intervalMs);
  }

  /** The peer answered; `owed` says whether others still wait. */
  heard(owed: boolean): void {
    this.#owed = owed;
    this.#quietSince = this.#options.clock.now();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
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
    const left = this.#quietSince + this.#options.intervalMs - this.#options.clock.now();
    if (left > 0) this.#arm(left);
    else this.#ping();
  }

  #ping(): void {
    const { clock, http2, socket, timeoutMs, onDead } = this.#options;
    if (http2.destroyed) return;
    const readBefore = socket.bytesRead;
    const alive = (): void => {
      this.#stopTimer?.();
      this.#stopTimer = undefined;
      if (this.#stopped) return;
      this.#quietSince = clock.now();
      this.#arm(this.#options.intervalMs);
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
