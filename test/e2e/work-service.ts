import { join } from 'node:path';
import type { OtelModuleOptions } from '@nestlens/otel';
import { Child } from '../../tools/demo/child.ts';
import type { Exit } from '../../tools/demo/child.ts';
import { ROOT } from '../../tools/demo/shop.ts';
import { parseSent } from '../../tools/demo/shutdown-report.ts';
import type { Sent } from '../../tools/demo/shutdown-report.ts';
import { ask } from './health-app.js';

const STOP_MS = 20_000;
const ARGS = [
  '--import',
  new URL('../../tools/demo/end-with-parent.ts', import.meta.url).href,
  '--import',
  new URL('typescript.mjs', import.meta.url).href,
  join(ROOT, 'test', 'e2e', 'work-app.ts'),
];

/** The service of work-app.ts in a process of its own. */
export class WorkService implements AsyncDisposable {
  readonly port: number;
  /** All lines that it has printed. */
  readonly lines: readonly string[];
  /** Number of requests for work so far. */
  asked = 0;
  readonly #child: Child;

  private constructor(child: Child, lines: readonly string[], port: number) {
    this.#child = child;
    this.lines = lines;
    this.port = port;
  }

  /** Resolves when the service listens. Rejects with its last output if it ends before. */
  static async start(
    name: string,
    options: OtelModuleOptions,
    variables: NodeJS.ProcessEnv = {},
  ): Promise<WorkService> {
    const env = Object.entries(process.env).filter(([key]) => !/^OTEL_|^KUBERNETES_/.test(key));
    const child = new Child({
      name,
      args: [...ARGS, JSON.stringify(options)],
      env: { ...Object.fromEntries(env), NO_COLOR: '1', ...variables },
      logs: join(ROOT, '.nestlens', 'e2e'),
    });
    const lines: string[] = [];
    const listening = Promise.withResolvers<number>();
    child.onLine((line) => {
      lines.push(line);
      if (line.startsWith('port ')) listening.resolve(Number(line.slice(5)));
    });
    const ended = child.exited.then(() => {
      throw new Error(`${name} ended. Its last output:\n${child.tail}`);
    });
    return new WorkService(child, lines, await Promise.race([listening.promise, ended]));
  }

  /** Sends one request for work. Returns its status. */
  async work(): Promise<number> {
    this.asked += 1;
    return (await ask(this.port, `/jobs/${this.asked}`)).status;
  }

  /** Returns the answer of the readiness probe. */
  async health(): Promise<{ status: number; state: string; otlp: Record<string, unknown> }> {
    const { status, body } = await ask(this.port, '/readyz');
    const report = JSON.parse(body) as {
      status: string;
      indicators: { otlp: Record<string, unknown> };
    };
    return { status, state: report.status, otlp: report.indicators.otlp };
  }

  /** Sends SIGTERM. Safe to call twice. */
  stop(): Promise<Exit> {
    return this.#child.stop(STOP_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Counts of sent telemetry, from its report at the end. */
  get sent(): Sent | undefined {
    return this.lines.flatMap((line) => parseSent(line) ?? []).at(-1);
  }
}
