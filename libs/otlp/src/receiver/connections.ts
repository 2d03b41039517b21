import type { Server, Socket } from 'node:net';

/** The sockets of one port, with the number of requests under way on each. */
export class Connections {
  /** Idle sockets, in the order in which they became idle. */
  readonly #waiting = new Map<Socket, number>();
  readonly #max: number;
  #busy = 0;
  #onIdle: (() => void) | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Counts the sockets of `server`, before the protocol sees them. */
  watch(server: Server): void {
    server.prependListener('connection', (socket: Socket) => this.#admit(socket));
  }

  begin(socket: Socket): void {
    this.#busy++;
    this.#waiting.set(socket, (this.#waiting.get(socket) ?? 0) + 1);
  }

  /** Moves the socket to the end of the idle ones. */
  done(socket: Socket): void {
    const count = this.#waiting.get(socket);
    // Sockets that are gone are not in the list any more.
    if (count !== undefined) {
      this.#waiting.delete(socket);
      this.#waiting.set(socket, count - 1);
    }
    if (--this.#busy === 0) this.#onIdle?.();
  }

  /** Waits until no request is in flight, `graceMs` have passed, or `signal` aborts. */
  drained(graceMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#busy === 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        this.#onIdle = undefined;
        resolve();
      };
      const timer = setTimeout(finish, graceMs);
      signal?.addEventListener('abort', finish);
      this.#onIdle = finish;
    });
  }

  destroyAll(): void {
    for (const socket of this.#waiting.keys()) socket.destroy();
    this.#waiting.clear();
  }

  #admit(socket: Socket): void {
    if (this.#waiting.size >= this.#max && !this.#evict()) {
      socket.destroy();
      return;
    }
    this.#waiting.set(socket, 0);
    socket.once('close', () => this.#waiting.delete(socket));
  }

  #evict(): boolean {
    for (const [socket, count] of this.#waiting) {
      if (count > 0) continue;
      this.#waiting.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }
}
