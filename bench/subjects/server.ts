import { Child } from '../processes/child.ts';
import type { Cores } from '../processes/cores.ts';
import type { Heap, ToServer, Usage } from './app/attend.ts';
import type { Adapter, SinkPorts, Subject } from './subjects.ts';

export interface ServerOptions {
  readonly subject: Subject;
  readonly adapter: Adapter;
  /** Share of the traces that are sampled, 0 to 1. */
  readonly ratio: number;
  readonly sink: SinkPorts;
  /** The compiled `main.js` of the subject's home. */
  readonly main: string;
  readonly folder: string;
  readonly cores: Cores;
  /** Of Node, beside those of the subject. */
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The server of a subject, in a process of its own. */
export class Server {
  readonly subject: Subject;
  readonly port: number;
  /** 0 where it does not answer over gRPC. */
  readonly grpcPort: number;
  /** When it listened. */
  readonly ready: Usage;
  readonly #child: Child;

  private constructor(
    subject: Subject,
    child: Child,
    { port, grpcPort, ...ready }: Usage & { port: number; grpcPort: number },
  ) {
    this.subject = subject;
    this.#child = child;
    this.port = port;
    this.grpcPort = grpcPort;
    this.ready = ready;
  }

  static async start(options: ServerOptions): Promise<Server> {
    const { subject, adapter, ratio, sink, main, folder, cores, flags = [] } = options;
    const { PATH, HOME } = process.env;
    const child = new Child(main, {
      flags: [...flags, ...subject.preload],
      cores: cores.server,
      cwd: folder,
      silent: true,
      // Nothing else of the caller's environment, which may have OTEL_* of its own.
      env: {
        PATH,
        HOME,
        NODE_ENV: 'production',
        BENCH_ADAPTER: adapter,
        ...(subject.wiring !== undefined && { BENCH_WIRING: subject.wiring }),
        ...subject.env(sink, adapter, ratio),
        ...options.env,
      },
    });
    return new Server(subject, child, await child.next());
  }

  usage(): Promise<Usage> {
    return this.#ask<Usage>({ kind: 'usage' });
  }

  /** Resolves when all spans that have ended are acknowledged, where the subject can say so. */
  async flush(): Promise<void> {
    await this.#ask({ kind: 'flush' });
  }

  /** The heap of the main thread, after a collection of garbage (which needs --expose-gc) or as it is. */
  heap(collect: boolean): Promise<Heap> {
    return this.#ask<Heap>({ kind: 'heap', collect });
  }

  /** Resolves when it has done this so many times; `port` is that of the service that it asks. */
  async work(work: 'span' | 'fetch', count: number, port: number): Promise<void> {
    await this.#ask({ kind: 'work', work, count, port });
  }

  async startProfile(): Promise<void> {
    await this.#ask({ kind: 'profile', on: true });
  }

  /** What V8 sampled on the main thread since the start. */
  stopProfile<Profile>(): Promise<Profile> {
    return this.#ask<Profile>({ kind: 'profile', on: false });
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  async #ask<Answer>(message: ToServer): Promise<Answer> {
    const answer = await this.#child.ask<Answer | { readonly error: string }>(message);
    if (typeof answer === 'object' && answer !== null && 'error' in answer) {
      throw new Error(`${this.subject.name}: ${answer.error}`);
    }
    return answer;
  }
}
