import { fileURLToPath } from 'node:url';
import { Child } from '../processes/child.ts';
import type { Received, ToSink } from './sink.ts';

/** The sink, as its parent sees it. */
export class Sink {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly #child: Child;

  private constructor(child: Child, grpcPort: number, httpPort: number) {
    this.#child = child;
    this.grpcPort = grpcPort;
    this.httpPort = httpPort;
  }

  static async start(cores?: string): Promise<Sink> {
    const child = new Child(fileURLToPath(new URL('sink.ts', import.meta.url)), { cores });
    const { port, httpPort } = await child.next<{ port: number; httpPort: number }>();
    return new Sink(child, port, httpPort);
  }

  /** Begins a count anew and returns the last one. */
  take(mode: ToSink): Promise<Received> {
    return this.#child.ask<Received>(mode);
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}
