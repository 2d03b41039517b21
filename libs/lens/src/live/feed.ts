import type { ServerResponse } from 'node:http';
import { summarize } from '../query/trace-summary.js';
import type { Trace } from '../store/trace.js';
import type { TraceStore } from '../store/trace-store.js';
import { LiveClient } from './client.js';

const MAX_CLIENTS = 16;
/** Traces reported in one flush. A flood beyond them becomes a gap. */
const MAX_CHANGED = 1_000;
const FLUSH_MS = 100;
const BEAT_MS = 15_000;

/**
 * Server-sent events, one for each trace whose root has arrived and which changed since the last flush: `trace` with
 * a summary, `gap` with the number of missed events, `clear` when the store was emptied. `ready` comes first. Without
 * readers it costs nothing.
 */
export class LiveFeed {
  readonly #traces: TraceStore;
  readonly #clients = new Set<LiveClient>();
  readonly #changed = new Set<Trace>();
  #overflow = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #beatTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(traces: TraceStore) {
    this.#traces = traces;
  }

  get size(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#closed || this.#clients.size >= MAX_CLIENTS;
  }

  add(response: ServerResponse): void {
    const client = new LiveClient(response, () => this.#remove(client));
    this.#clients.add(client);
    if (this.#clients.size === 1) {
      this.#traces.watch((trace) => this.#change(trace));
      this.#beatTimer = setInterval(() => this.#beat(), BEAT_MS).unref();
    }
    client.send('retry: 1000\nevent: ready\ndata: {}\n\n');
  }

  cleared(): void {
    this.#changed.clear();
    this.#overflow = 0;
    for (const client of this.#clients) client.send('event: clear\ndata: {}\n\n');
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.end();
    this.#stop();
  }

  #change(trace: Trace): void {
    if (this.#changed.size < MAX_CHANGED) this.#changed.add(trace);
    else if (!this.#changed.has(trace)) this.#overflow += 1;
    this.#flushTimer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  #flush(): void {
    this.#flushTimer = undefined;
    for (const trace of this.#changed) {
      const event = `event: trace\ndata: ${JSON.stringify(summarize(trace))}\n\n`;
      for (const client of this.#clients) client.send(event);
    }
    this.#changed.clear();
    if (this.#overflow > 0) for (const client of this.#clients) client.miss(this.#overflow);
    this.#overflow = 0;
  }

  #beat(): void {
    for (const client of this.#clients) client.beat();
  }

  #remove(client: LiveClient): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#stop();
  }

  #stop(): void {
    this.#traces.watch(undefined);
    clearTimeout(this.#flushTimer);
    clearInterval(this.#beatTimer);
    this.#flushTimer = undefined;
    this.#changed.clear();
    this.#overflow = 0;
  }
}
