import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})/;

const statusOf = (chunk: unknown): number | undefined => {
  const head =
    typeof chunk === 'string' || chunk instanceof Uint8Array
      ? Buffer.from(chunk.slice(0, 12) as string).toString('latin1')
      : '';
  const code = STATUS_LINE.exec(head)?.[1];
  return code === undefined ? undefined : Number(code);
};

type Write = (...args: unknown[]) => unknown;

/**
 * The response to an upgrade, which nobody makes: the handler of `upgrade` writes a status line to the socket itself.
 * It has the fields of a ServerResponse by which a server span is judged. It closes with the first bytes, or with the
 * socket.
 */
export class UpgradeResponse extends EventEmitter {
  headersSent = false;
  statusCode = 0;
  writableFinished = false;
  readonly errored = null;
  #closed = false;

  constructor(socket: Duplex) {
    super();
    this.#watch(socket, 'write');
    this.#watch(socket, 'end');
    socket.once('close', () => this.#close());
  }

  // oxlint-disable-next-line typescript/class-methods-use-this
  getHeader(): undefined {
    return undefined;
  }

  // oxlint-disable-next-line typescript/class-methods-use-this
  setHeader(): void {}

  /** Stands before the socket's own method until its first call. */
  #watch(socket: Duplex, method: 'write' | 'end'): void {
    const slots = socket as unknown as Record<string, Write>;
    const own = Object.hasOwn(slots, method);
    const original = slots[method]!;
    const watching: Write = (...args) => {
      if (slots[method] === watching) {
        if (own) slots[method] = original;
        else delete slots[method];
      }
      this.#answered(args[0]);
      return Reflect.apply(original, socket, args);
    };
    slots[method] = watching;
  }

  #answered(chunk: unknown): void {
    if (this.#closed) return;
    const status = statusOf(chunk);
    this.headersSent = status !== undefined;
    this.statusCode = status ?? 0;
    this.writableFinished = true;
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.emit('close');
  }

  /** As the rest of the room knows it. */
  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}
