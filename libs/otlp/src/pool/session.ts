import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { failureReason } from './failure.js';
import { Keepalive } from './keepalive.js';
import { openSocket } from './socket.js';
import type { Connecting, SocketOptions } from './socket.js';

/** In MB. Node's default of 10 refuses streams once a few batches of 4 MiB fill it. */
const MAX_SESSION_MEMORY = 256;
/** How long a batch that was given up may still block its session, in ms, before the connection is cut. */
const RELEASE_GRACE_MS = 50;

const DONE = Promise.resolve();
/** How long a session with nothing in flight waits for the peer's FIN, in ms. A dead peer never sends it. */
const LINGER_MS = 250;

/**
 * `idle`: not tried yet; `connecting`: until TCP, TLS and the peer's SETTINGS are done; `open`: takes requests;
 * `draining`: finishes the requests that it has; `closed`: final.
 */
type SessionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly socket: Connecting }
  | ({ readonly kind: 'open' } & Connection)
  | ({ readonly kind: 'draining' } & Connection)
  | { readonly kind: 'closed'; readonly reason: string };

interface Connection {
  readonly http2: ClientHttp2Session;
  readonly socket: Socket;
  readonly keepalive: Keepalive;
}

interface SessionOptions extends SocketOptions {
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** The age after which it drains, in ms. */
  readonly maxAgeMs: number;
  /** Called when the state changed, or when it can take requests again. */
  readonly onChange: (session: Session) => void;
  /** Called when the peer answered a request. */
  readonly onAnswer: () => void;
}

/** One HTTP/2 connection, from the first try to the last byte. It is not reused: the pool makes another one. */
export class Session {
  readonly #options: SessionOptions;
  readonly #cancels: (() => void)[] = [];
  readonly tlsVersion: number;
  #state: SessionState = { kind: 'idle' };
  #inFlight = 0;
  #begun = 0;
  #answered = 0;
  #suspect = false;
  #drained = false;
  #opened = false;
  #lastStreamId: number | undefined;
  #greetedBy = 0;
  #why: string | undefined;
  /** Whether the peer complained of too many PINGs. */
  tooManyPings = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.tlsVersion = options.tls?.version ?? 0;
  }

  get state(): SessionState {
    return this.#state;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether the last request got no answer. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** Whether this side ended the session. */
  get drained(): boolean {
    return this.#drained;
  }

  /** Whether the session ended before it was of any use, and not by this side. */
  get failed(): boolean {
    if (this.#state.kind !== 'closed' || this.#drained) return false;
    return this.#answered === 0 && (this.#begun > 0 || !this.#opened);
  }

  /** The number of requests that it can still take now. */
  get room(): number {
    const state = this.#state;
    if (state.kind !== 'open' || state.http2.closed || state.http2.destroyed) return 0;
    const max = state.http2.remoteSettings.maxConcurrentStreams ?? Infinity;
    return Math.max(0, max - this.#inFlight);
  }

  connect(): void {
    const { clock, connectTimeoutMs } = this.#options;
    this.#greetedBy = clock.now() + connectTimeoutMs;
    const connecting = openSocket({ ...this.#options, alpn: 'h2' });
    this.#enter({ kind: 'connecting', socket: connecting });
    void this.#connected(connecting);
  }

  async #connected(connecting: Connecting): Promise<void> {
    const connected = await connecting.result;
    if (connected.kind === 'failed') this.#close(connected.reason);
    else this.#greet(connected.socket, connecting);
  }

  /** Begins a request; undefined if the session ended just now. The caller must call {@link end} for each one. */
  begin(headers: OutgoingHttpHeaders): ClientHttp2Stream | undefined {
    const state = this.#state;
    if (state.kind !== 'open') return undefined;
    try {
      const stream = state.http2.request(headers);
      // The stream can break before its owner adds a listener.
      stream.on('error', () => {});
      this.#begun++;
      if (this.#inFlight++ === 0) state.http2.ref();
      state.keepalive.asked();
      stream.once('response', () => state.keepalive.spoke());
      return stream;
    } catch {
      this.#leave(state);
      return undefined;
    }
  }

  end(answered: boolean): void {
    this.#inFlight--;
    this.#suspect = !answered;
    if (answered) {
      this.#answered++;
      this.#options.onAnswer();
    }
    const state = this.#state;
    if (state.kind === 'open' || state.kind === 'draining') {
      if (answered) state.keepalive.heard(this.#inFlight > 0);
      if (this.#inFlight === 0) state.http2.unref();
      if (state.kind === 'draining') this.#linger(state.socket);
    }
    this.#options.onChange(this);
  }

  /** The peer cannot have processed the request, so sending it again is no duplicate. Source: RFC 9113, 8.7. */
  unprocessed(stream: ClientHttp2Stream): boolean {
    if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return true;
    // The stream never got an id, so it was never sent.
    if (stream.id === undefined) return true;
    return this.#lastStreamId !== undefined && stream.id > this.#lastStreamId;
  }

  /** The reason why its streams broke, if the session knows a better one than the streams. */
  get why(): string | undefined {
    return this.#why;
  }

  /**
   * Resolves when no bytes of a request that was given up are left in the socket: its pending write reads from the
   * caller's memory. Node holds back a RST_STREAM and the end of its stream until that write is done. If the peer
   * does not read those bytes soon, the connection is cut, since the memory is to be reused.
   */
  released(stream: ClientHttp2Stream): Promise<void> {
    if (stream.destroyed) return DONE;
    return new Promise((resolve) => {
      const stopTimer = this.#options.clock.after(RELEASE_GRACE_MS, () => this.destroy('stalled'));
      stream.once('close', () => {
        stopTimer();
        resolve();
      });
    });
  }

  /** Takes no more requests, and closes when its requests are done. */
  drain(): void {
    this.#drained = true;
    const state = this.#state;
    if (state.kind === 'open') this.#leave(state);
    else if (state.kind === 'connecting') this.destroy('closed');
  }

  /** Fails the requests in flight with `reason`. */
  destroy(reason: string): void {
    this.#why ??= reason;
    const state = this.#state;
    if (state.kind === 'connecting') state.socket.cancel(reason);
    if (state.kind !== 'open' && state.kind !== 'draining') return;
    state.http2.destroy(Object.assign(new Error(reason), { code: reason }));
    // A session that was closing waits for the peer's FIN, which a dead peer never sends.
    state.socket.destroy();
  }

  #leave(connection: Connection): void {
    this.#enter({ ...connection, kind: 'draining' });
    connection.http2.close();
    this.#linger(connection.socket);
  }

  #linger(socket: Socket): void {
    if (this.#inFlight > 0) return;
    const { clock } = this.#options;
    this.#cancels.push(clock.after(LINGER_MS, () => socket.destroy()));
  }

  #greet(socket: Socket, connecting: Connecting): void {
    const { clock, endpoint } = this.#options;
    const http2 = connect(`${endpoint.tls ? 'https' : 'http'}://${endpoint.authority}`, {
      createConnection: () => socket,
      maxSessionMemory: MAX_SESSION_MEMORY,
      settings: { enablePush: false },
    });
    let broken: string | undefined;
    const stopTimer = clock.after(Math.max(0, this.#greetedBy - clock.now()), () => {
      broken = 'connect_timeout';
      http2.destroy();
    });
    this.#cancels.push(stopTimer);
    http2.on('error', (error) => (broken = failureReason(error)));
    http2.on('goaway', (code, lastStreamId, data) => this.#onGoaway(code, lastStreamId, data));
    http2.once('close', () => {
      const reason = connecting.broken ?? broken ?? 'connection_closed';
      connecting.cancel(reason);
      this.#close(reason);
    });
    // The peer's SETTINGS limit the streams. A stream that begins before they arrive could be one too many.
    http2.once('remoteSettings', () => {
      stopTimer();
      if (this.#state.kind === 'connecting') this.#open(http2, socket);
    });
    http2.on('remoteSettings', () => this.#options.onChange(this));
  }

  #open(http2: ClientHttp2Session, socket: Socket): void {
    const { clock, keepaliveMs, keepaliveTimeoutMs, maxAgeMs } = this.#options;
    const keepalive = new Keepalive({
      clock,
      http2,
      socket,
      intervalMs: keepaliveMs,
      timeoutMs: keepaliveTimeoutMs,
      onDead: () => this.destroy('keepalive_timeout'),
    });
    this.#cancels.push(
      () => keepalive.stop(),
      clock.after(maxAgeMs, () => this.drain()),
    );
    http2.unref();
    this.#opened = true;
    this.#enter({ kind: 'open', http2, socket, keepalive });
  }

  #onGoaway(code: number, lastStreamId: number, data: unknown): void {
    this.#lastStreamId = lastStreamId;
    if (code !== constants.NGHTTP2_NO_ERROR) this.#why ??= `GOAWAY_${code}`;
    this.tooManyPings =
      code === constants.NGHTTP2_ENHANCE_YOUR_CALM &&
      ArrayBuffer.isView(data) &&
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes('too_many_pings');
    if (this.#state.kind === 'open') this.#leave(this.#state);
  }

  #close(reason: string): void {
    if (this.#state.kind === 'closed') return;
    for (const cancel of this.#cancels) cancel();
    this.#enter({ kind: 'closed', reason: this.#why ?? reason });
  }

  #enter(state: SessionState): void {
    this.#state = state;
    this.#options.onChange(this);
  }
}
