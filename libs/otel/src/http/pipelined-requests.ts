import type { Socket } from 'node:net';

/**
 * Requests that wait behind others on one connection. Their responses have no socket yet, and on older
 * Node versions nothing tells them when the connection goes. One listener per connection, however many
 * requests a client sends ahead.
 */
export class PipelinedRequests {
  readonly #bySocket = new WeakMap<Socket, Set<() => void>>();

  /** Calls `closed` when the connection closes, unless the returned function was called before. */
  watch(socket: Socket, closed: () => void): () => void {
    let waiting = this.#bySocket.get(socket);
    if (waiting === undefined) {
      const created = new Set<() => void>();
      this.#bySocket.set(socket, created);
      socket.once('close', () => {
        this.#bySocket.delete(socket);
        for (const tell of created) tell();
      });
      waiting = created;
    }
    waiting.add(closed);
    return () => waiting.delete(closed);
  }
}
