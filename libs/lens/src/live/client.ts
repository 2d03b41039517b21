import type { ServerResponse } from 'node:http';

const MAX_WAITING = 500;

/**
 * One reader of the feed. While it does not read, at most 500 events wait for it; what was dropped
 * before them is told by a `gap` event.
 */
export class LiveClient {
  readonly #response: ServerResponse;
  #waiting: string[] = [];
  #missed = 0;
  #blocked = false;

  constructor(response: ServerResponse, onClose: (client: LiveClient) => void) {
    this.#response = response;
    response.on('drain', () => this.#drain());
    response.on('close', () => onClose(this));
    // A reader that resets its connection is an ordinary end.
    response.on('error', () => undefined);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  send(event: string): void {
    if (!this.#blocked) {
      this.#write(event);
      return;
    }
    this.#waiting.push(event);
    if (this.#waiting.length <= MAX_WAITING) return;
    // Half at once, so that a stalled reader does not cost a shift per event.
    const dropped = MAX_WAITING / 2;
    this.#waiting = this.#waiting.slice(dropped);
    this.#missed += dropped;
  }

  /** Keeps proxies from closing an idle feed; nothing to a reader that is behind. */
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
      this.#write(this.#waiting[sent]!);
      sent += 1;
    }
    this.#waiting = this.#waiting.slice(sent);
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
