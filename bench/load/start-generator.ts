import { fileURLToPath } from 'node:url';
import { Child } from '../processes/child.ts';
import type { LoadResult } from './closed-loop.ts';
import type { FromGenerator, ToGenerator } from './generator.ts';
import type { LatencyResult } from './open-loop.ts';

/** The load generator, as its parent sees it. */
export class Generator {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(cores?: string): Promise<Generator> {
    const file = fileURLToPath(new URL('generator.ts', import.meta.url));
    const child = new Child(file, { cores });
    await child.next();
    return new Generator(child);
  }

  /** Throws where a request is not answered with 200. */
  closed(order: Omit<ToGenerator & { kind: 'closed' }, 'kind'>): Promise<LoadResult> {
    return this.#run<LoadResult>({ ...order, kind: 'closed' });
  }

  /** Throws where a call does not end with status OK. */
  grpc(order: Omit<ToGenerator & { kind: 'grpc' }, 'kind'>): Promise<LoadResult> {
    return this.#run<LoadResult>({ ...order, kind: 'grpc' });
  }

  open(order: Omit<ToGenerator & { kind: 'open' }, 'kind'>): Promise<LatencyResult> {
    return this.#run<LatencyResult>({ ...order, kind: 'open' });
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  async #run<Result extends { readonly failed: number }>(order: ToGenerator): Promise<Result> {
    const result = await this.#child.ask<FromGenerator>(order);
    if ('error' in result) throw new Error(`the load failed: ${result.error}`);
    if (result.failed > 0)
      throw new Error(`${result.failed} of ${result.requests} requests failed`);
    return result as unknown as Result;
  }
}
