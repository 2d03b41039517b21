import { connect } from 'node:net';
import type { Socket } from 'node:net';

const BUFFER_BYTES = 16 * 1024;
const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Told of each answer, and of the end of a connection. */
export interface ConnectionEvents {
  answered(connection: Connection, isGood: boolean): void;
  ended(connection: Connection): void;
}

/** How many bytes an answer has, and whether it is one of status 200; undefined while its head is not all there. */
export function answerIn(bytes: Buffer): { length: number; isGood: boolean } | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const body = LENGTH.exec(head)?.[1];
  if (body === undefined) throw new Error(`an answer without a length: ${head}`);
  return {
    length: headEnd + HEAD_END.length + Number(body),
    isGood: head.startsWith('HTTP/1.1 200 '),
  };
}

/** One kept-alive connection of HTTP/1.1 that has one request on its way at most. */
export class Connection {
  /** When the request on its way was due; see the open loop. */
  dueAt = 0;
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  #rest: Buffer | undefined;

  constructor(port: number, events: ConnectionEvents, connected: () => void) {
    this.#events = events;
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        // One buffer for all answers: reading allocates nothing.
        buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES),
        callback: (size, buffer) => {
          this.#receive(Buffer.from(buffer.buffer, buffer.byteOffset, size));
          return true;
        },
      },
    });
    this.#socket.on('connect', connected);
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => events.ended(this));
  }

  send(request: Buffer): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    const answer = answerIn(bytes);
    if (answer === undefined || bytes.length < answer.length) {
      // The buffer is used again: a part of an answer has to be kept elsewhere.
      this.#rest = Buffer.from(bytes);
      return;
    }
    this.#rest = undefined;
    this.#events.answered(this, answer.isGood && bytes.length === answer.length);
  }
}

/** Resolves with all of them when each is connected. Rejects where one is refused. */
export function openConnections(
  port: number,
  count: number,
  events: ConnectionEvents,
): Promise<readonly Connection[]> {
  return new Promise((resolve, reject) => {
    let open = 0;
    const connections: Connection[] = [];
    const opening: ConnectionEvents = {
      answered: (connection, isGood) => events.answered(connection, isGood),
      ended: (connection) => {
        if (open < count) reject(new Error(`port ${port} takes no connection`));
        else events.ended(connection);
      },
    };
    for (let made = 0; made < count; made += 1) {
      connections.push(
        new Connection(port, opening, () => {
          open += 1;
          if (open === count) resolve(connections);
        }),
      );
    }
  });
}
