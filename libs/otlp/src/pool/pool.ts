import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { Backoff, Cooldown } from '../send/backoff.js';
import type { Endpoint } from './endpoint.js';
import type { ResolvedPoolOptions } from './pool-options.js';
import { Session } from './session.js';
import type { TlsFiles } from './tls-files.js';

/** Counts of a pool. */
export interface PoolStats {
  /** Connections in any state except idle and closed. */
  readonly sessions: number;
  readonly open: number;
  readonly inFlight: number;
  /** Requests that wait for a free stream. */
  readonly queued: number;
  /** Connections made after the first one. */
  readonly reconnects: number;
  /** Why the last connection was lost or could not be made. */
  readonly lastError?: string;
}

/** A request that was begun. Its owner calls `session.end` exactly once, whatever its result. */
export interface Begun {
  readonly kind: 'begun';
  readonly stream: ClientHttp2Stream;
  readonly session: Session;
}

export type Opened =
  | Begun
  /** `afterMs`: no connection will be tried before that time. */
  | { readonly kind: 'failed'; readonly reason: string; readonly afterMs?: number };

interface Waiter {
  readonly headers: OutgoingHttpHeaders;
  readonly settle: (opened: Opened) => void;
}

/**
 * HTTP/2 connections to one endpoint. A request goes to the healthy session with the fewest requests in flight. If
 * all are full it waits, until the caller's signal aborts. While the endpoint cannot be reached requests fail at
 * once, so that the layers above see it. The peer chooses the sending windows; ours stay small since replies are
 * small.
 */
export class Pool {
  readonly #endpoint: Endpoint;
  readonly #tls: TlsFiles | undefined;
  readonly #options: ResolvedPoolOptions;
  /** The pauses between connections while the endpoint cannot be reached. */
  readonly #cooldown: Cooldown;
  /** All sessions that are not closed. At most `sessions` of them are connecting or open. */
  readonly #sessions = new Set<Session>();
  readonly #waiters = new Set<Waiter>();
  readonly #onEmpty: (() => void)[] = [];
  #keepaliveMs: number;
  #connections = 0;
  #lastError: string | undefined;
  #closed = false;

  constructor(endpoint: Endpoint, tls: TlsFiles | undefined, options: ResolvedPoolOptions) {
    this.#endpoint = endpoint;
    this.#tls = tls;
    this.#options = options;
    this.#keepaliveMs = options.keepaliveMs;
    const { clock, reconnectMinMs: firstMs, reconnectMaxMs: maxMs, random } = options;
    this.#cooldown = new Cooldown(clock, new Backoff({ firstMs, maxMs, jitter: 0.25, random }));
  }

  get stats(): PoolStats {
    const sessions = [...this.#sessions];
    return {
      sessions: sessions.length,
      open: sessions.filter((each) => each.state.kind === 'open').length,
      inFlight: sessions.reduce((sum, each) => sum + each.inFlight, 0),
      queued: this.#waiters.size,
      reconnects: Math.max(0, this.#connections - 1),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  /** Never rejects; settles at once when `signal` aborts. */
  open(headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<Opened> {
    if (this.#closed) return Promise.resolve({ kind: 'failed', reason: 'closed' });
    if (signal.aborted) return Promise.resolve({ kind: 'failed', reason: 'aborted' });
    this.#followTls();
    const begun = this.#waiters.size === 0 ? this.#begin(headers) : undefined;
    this.#grow(begun);
    if (begun !== undefined) return Promise.resolve(begun);
    const unreachable = this.#unreachable();
    if (unreachable !== undefined) return Promise.resolve(unreachable);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        headers,
        settle: (opened) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', onAbort);
          resolve(opened);
        },
      };
      function onAbort(): void {
        waiter.settle({ kind: 'failed', reason: 'aborted' });
      }
      signal.addEventListener('abort', onAbort);
      this.#waiters.add(waiter);
    });
  }

  /** Lets the next request make a connection, whatever pause the last failure asks for. */
  reconnectNow(): void {
    this.#cooldown.succeeded();
  }

  /** Lets requests in flight finish until `signal` aborts. Safe twice; resolves when no connection is left. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.settle({ kind: 'failed', reason: 'closed' });
    for (const session of this.#sessions) session.drain();
    if (this.#sessions.size === 0) return;
    const destroy = (): void => {
      for (const session of this.#sessions) session.destroy('closed');
    };
    if (signal?.aborted === true) destroy();
    signal?.addEventListener('abort', destroy);
    if (this.#sessions.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
    signal?.removeEventListener('abort', destroy);
  }

  #begin(headers: OutgoingHttpHeaders): Begun | undefined {
    for (let session = this.#best(); session !== undefined; session = this.#best()) {
      const stream = session.begin(headers);
      if (stream !== undefined) return { kind: 'begun', stream, session };
    }
    return undefined;
  }

  /** Healthy sessions first, then those with the fewest requests in flight. */
  #best(): Session | undefined {
    let best: Session | undefined;
    for (const session of this.#sessions) {
      if (session.room === 0) continue;
      if (best === undefined || isBetter(session, best)) best = session;
    }
    return best;
  }

  /** Makes one more connection if no session took the request, or the one that did was busy; one at a time. */
  #grow(begun: Begun | undefined): void {
    if (begun !== undefined && begun.session.inFlight <= 1 && !begun.session.suspect) return;
    let live = 0;
    for (const { state } of this.#sessions) {
      if (state.kind === 'connecting') return;
      if (state.kind === 'open') live++;
    }
    if (live >= this.#options.sessions || this.#cooldown.remainingMs > 0) return;
    this.#connect();
  }

  #connect(): void {
    const { clock, connectTimeoutMs, keepaliveTimeoutMs, maxAgeMs, random, lookup } = this.#options;
    const session = new Session({
      endpoint: this.#endpoint,
      tls: this.#tls,
      lookup,
      clock,
      connectTimeoutMs,
      keepaliveMs: this.#keepaliveMs,
      keepaliveTimeoutMs,
      maxAgeMs: Math.round(maxAgeMs * (0.8 + 0.4 * random())),
      onChange: (changed) => this.#onChange(changed),
      onAnswer: () => this.#cooldown.succeeded(),
    });
    this.#connections++;
    this.#sessions.add(session);
    session.connect();
  }

  #onChange(session: Session): void {
    const { state } = session;
    if (state.kind === 'closed' && this.#sessions.delete(session)) {
      if (session.failed) this.#cooldown.failed();
      if (session.tooManyPings) this.#keepaliveMs *= 2;
      if (!this.#closed && !session.drained) this.#lastError = state.reason;
    }
    this.#serve();
    if (this.#sessions.size === 0) for (const done of this.#onEmpty.splice(0)) done();
  }

  /** Gives free streams to waiting requests, first come first. */
  #serve(): void {
    for (const waiter of this.#waiters) {
      const begun = this.#begin(waiter.headers);
      if (begun === undefined) break;
      waiter.settle(begun);
      this.#grow(begun);
    }
    if (this.#waiters.size === 0) return;
    this.#grow(undefined);
    const unreachable = this.#unreachable();
    if (unreachable === undefined) return;
    for (const waiter of this.#waiters) waiter.settle(unreachable);
  }

  #unreachable(): Opened | undefined {
    for (const { state } of this.#sessions) {
      if (state.kind === 'connecting' || state.kind === 'open') return undefined;
    }
    const afterMs = Math.ceil(this.#cooldown.remainingMs);
    return { kind: 'failed', reason: this.#lastError ?? 'unavailable', afterMs };
  }

  /** Replaces connections that were made before a change of certificates. */
  #followTls(): void {
    if (this.#tls === undefined) return;
    void this.#tls.refresh();
    for (const session of this.#sessions) {
      if (session.tlsVersion < this.#tls.version) session.drain();
    }
  }
}

function isBetter(left: Session, right: Session): boolean {
  if (left.suspect !== right.suspect) return !left.suspect;
  return left.inFlight < right.inFlight;
}
