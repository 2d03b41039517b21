import type { ServerResponse } from 'node:http';

/** Characters that wait for one reader: some thousands of events. */
const MAX_WAITING = 4 * 1_024 * 1_024;

/**
 * One reader of the feed. While it does not read, a bounded number of events wait for it. A `gap` event tells how
 * many were dropped before the others.
 */
export class LiveClient {
  readonly #response: ServerResponse;
  #waiting: string[] = [];
  #waitingLength = 0;
  #missed = 0;
  #blocked = false;

  constructor(response: ServerResponse, onClose: (client: LiveClient) => void) {
    this.#response = response;
    response.on('drain', () => this.#drain());
    response.on('close', () => onClose(this));
    // A reader that resets its connection is an ordinary end.
    response.on('error', () => undefined);
  }

  send(event: string): void {
    if (!this.#blocked) {
      this.#write(event);
      return;
    }
    this.#waiting.push(event);
    this.#waitingLength += event.length;
    if (this.#waitingLength > MAX_WAITING) this.#forgetOldest();
  }

  /** Keeps proxies from closing an idle feed. Sends nothing to a reader that is behind. */
  beat(): void {
    if (!this.#blocked) this.#write(': beat\n\n');
  }

  miss(count: number): void {
    this.#missed += count;
    if (!this.#blocked) this.#tellGap();
  }

  end(): void {
    this.#response.end();
    this.#response.destroy();
  }

  #drain(): void {
    this.#blocked = false;
    this.#tellGap();
    let sent = 0;
    while (sent < this.#waiting.length && !this.#blocked) {
      const event = this.#waiting[sent]!;
      sent += 1;
      this.#waitingLength -= event.length;
      this.#write(event);
    }
    this.#waiting = this.#waiting.slice(sent);
  }

  /** Drops half of them at once, so that a stalled reader does not cost a move of all the rest for each event. */
  #forgetOldest(): void {
    let dropped = 0;
    while (this.#waitingLength > MAX_WAITING / 2) {
      this.#waitingLength -= this.#waiting[dropped]!.length;
      dropped += 1;
    }
    this.#waiting = this.#waiting.slice(dropped);
    this.#missed += dropped;
  }

  #tellGap(): void {
    if (this.#missed === 0) return;
    const event = `event: gap\ndata: {"missed":${this.#missed}}\n\n`;
    this.#missed = 0;
    this.#write(event);
  }

  #write(event: string): void {
    this.#blocked = !this.#response.write(event);
  }
}
