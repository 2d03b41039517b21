import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultProxy } from '@nestlens/testing';
import { providePostgres } from '../postgres.ts';
import type { Postgres } from '../postgres.ts';
import { Child } from './child.ts';
import type { Exit } from './child.ts';
import { freePorts } from './ports.ts';
import { PointlessWaitError, until } from './until.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOGS = join(ROOT, '.nestlens', 'demo');
const END_WITH_PARENT = new URL('end-with-parent.ts', import.meta.url).href;

/** Services in the order in which they stop: callers first. */
export const SERVICES = ['gateway', 'orders', 'users', 'inventory', 'payments'] as const;
export type ServiceName = (typeof SERVICES)[number];
const DATABASES = ['orders', 'users', 'inventory'];

const PORTS = {
  gateway: 3000,
  orders: 3001,
  users: 3002,
  inventory: 3003,
  payments: 3004,
  'orders gRPC': 50_051,
  'users gRPC': 50_052,
  'inventory gRPC': 50_053,
  'payments gRPC': 50_054,
  'lens OTLP/gRPC': 4317,
  'lens OTLP/HTTP': 4318,
  lens: 4319,
};
export type PortName = keyof typeof PORTS;

const START_MS = 20_000;
const STOP_MS = 15_000;

/**
 * The lens's own start script has this flag too: a small young generation keeps its memory low under a flood.
 */
const LENS_FLAGS = ['--max-semi-space-size=4'];

export interface ShopOptions {
  /** Endpoint for telemetry, OTLP over gRPC. With it, the lens's ports are not needed. Default: the lens. */
  readonly collector?: string;
  /** Modules that every service loads before its own. Default: none. */
  readonly preload?: readonly string[];
  /** Folder for the output of the processes. */
  readonly logs?: string;
  /** Services reach the lens over {@link Shop.line}, which can be cut. Default: false. */
  readonly line?: boolean;
}

/** PostgreSQL, the lens and the five services. Each is a process of its own. */
export class Shop {
  readonly ports: Readonly<Record<PortName, number>>;
  /** Ports that other processes use, with their replacements. */
  readonly moved: readonly string[];
  readonly logs: string;
  readonly services = new Map<ServiceName, Child>();
  /** Services that have been ready. Each of them must report its telemetry at its end. */
  readonly ready = new Set<ServiceName>();
  readonly #options: ShopOptions;
  /** Proxy between the services and the lens, if requested. */
  line: FaultProxy | undefined;
  #database: Postgres | undefined;
  #lens: Child | undefined;

  private constructor(ports: Record<PortName, number>, options: ShopOptions) {
    this.ports = ports;
    this.logs = options.logs ?? LOGS;
    this.#options = options;
    this.moved = (Object.keys(PORTS) as PortName[])
      .filter((name) => ports[name] !== PORTS[name])
      .map((name) => `${name} on ${ports[name]} (${PORTS[name]} is taken)`);
  }

  static async plan(options: ShopOptions = {}): Promise<Shop> {
    const any = Object.fromEntries(Object.keys(PORTS).map((name) => [name, 0])) as typeof PORTS;
    return new Shop(await freePorts(options.collector === undefined ? PORTS : any), options);
  }

  /** Returns the HTTP address of a service. For the lens it is that of its query API. */
  url(name: ServiceName | 'lens'): string {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  /** Returns the database URL of a service, or '' if it has none or it is not started. */
  databaseUrl(name: ServiceName): string {
    return this.#database?.url(name) ?? '';
  }

  /** Starts PostgreSQL, or uses DATABASE_URL. It needs no build, so it can start beside the build. */
  async startDatabase(): Promise<void> {
    this.#database = await providePostgres({ databases: DATABASES });
  }

  async startLens(signal: AbortSignal): Promise<void> {
    const child = this.#start('lens', {
      ...cleanEnvironment(),
      LENS_GRPC_PORT: String(this.ports['lens OTLP/gRPC']),
      LENS_HTTP_PORT: String(this.ports['lens OTLP/HTTP']),
      LENS_API_PORT: String(this.ports.lens),
    });
    this.#lens = child;
    await until('the lens', START_MS, signal, () => this.#answers(child, '/api/stats'));
    if (this.#options.line !== true) return;
    // The package exists only after the build has ended.
    const { FaultProxy } = await import('@nestlens/testing');
    this.line = await FaultProxy.start({ target: { port: this.ports['lens OTLP/gRPC'] } });
  }

  async startServices(signal: AbortSignal): Promise<void> {
    for (const name of SERVICES) {
      this.services.set(name, this.#start(name, this.#environment(name)));
    }
    const starting = [...this.services].map(async ([name, child]) => {
      await until(`${name} ready`, START_MS, signal, () => this.#answers(child, '/readyz'));
      this.ready.add(name);
    });
    await Promise.all(starting);
  }

  /** Resolves with the first service that ended by itself. Never settles while all run. */
  async crashed(): Promise<Child> {
    return Promise.race([...this.services.values()].map((child) => child.exited.then(() => child)));
  }

  /**
   * Stops in order, each after the one before has finished its work and sent its telemetry:
   * 1. gateway, so that no new requests come in;
   * 2. orders, which the gateway called;
   * 3. users, inventory and payments, which orders called.
   */
  async stopServices(onStop: (name: ServiceName, exit: Exit) => void): Promise<void> {
    const stop = async (name: ServiceName): Promise<void> => {
      const child = this.services.get(name);
      if (child !== undefined) onStop(name, await child.stop(STOP_MS));
    };
    await stop('gateway');
    await stop('orders');
    await Promise.all((['users', 'inventory', 'payments'] as const).map(stop));
  }

  /** Stops PostgreSQL, and then the lens, which is asked for its counts before. */
  async stopRest(): Promise<void> {
    await this.#database?.close();
    await this.line?.close();
    await this.#lens?.stop(STOP_MS);
  }

  #start(name: string, env: NodeJS.ProcessEnv): Child {
    const main = join(ROOT, 'apps', name, 'dist', 'main.js');
    const preload = [END_WITH_PARENT, ...(this.#options.preload ?? [])];
    return new Child({
      name,
      args: [
        '--enable-source-maps',
        ...(name === 'lens' ? LENS_FLAGS : []),
        ...preload.flatMap((url) => ['--import', url]),
        main,
      ],
      env,
      logs: this.logs,
    });
  }

  #environment(name: ServiceName): NodeJS.ProcessEnv {
    const address = (peer: Exclude<ServiceName, 'gateway'>): string =>
      `127.0.0.1:${this.ports[`${peer} gRPC`]}`;
    return {
      ...cleanEnvironment(),
      PORT: String(this.ports[name]),
      ...(name === 'gateway' ? {} : { GRPC_URL: address(name) }),
      ...(DATABASES.includes(name) ? { DATABASE_URL: this.databaseUrl(name) } : {}),
      ORDERS_URL: address('orders'),
      USERS_URL: address('users'),
      INVENTORY_URL: address('inventory'),
      PAYMENTS_URL: address('payments'),
      OTEL_EXPORTER_OTLP_ENDPOINT: this.#collector,
      // Each service has a spool directory of its own. Otherwise a service would send the telemetry that a
      // killed one left, and the ledgers of both would not add up.
      ...(this.#options.collector === undefined && {
        NESTLENS_OTLP_SPOOL_DIRECTORY: join(this.logs, 'spool', name),
      }),
      // These intervals are short, so that effects are visible at once.
      OTEL_METRIC_EXPORT_INTERVAL: '2000',
      OTEL_METRIC_EXPORT_TIMEOUT: '2000',
      OTEL_BSP_SCHEDULE_DELAY: '500',
    };
  }

  get #collector(): string {
    const port = this.line?.port ?? this.ports['lens OTLP/gRPC'];
    return this.#options.collector ?? `http://127.0.0.1:${port}`;
  }

  async #answers(child: Child, path: string): Promise<void> {
    alive(child);
    const url = this.url(child.name as ServiceName | 'lens') + path;
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    const body = await response.text();
    if (!response.ok) throw new Error(`${path} answers ${response.status} ${body.slice(0, 300)}`);
  }
}

/** Returns our variables, without those that would redirect or change the telemetry of the shop. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(OTEL_|NESTLENS_|LENS_|KUBERNETES_|PORT$|DATABASE_URL$|NODE_ENV$|FORCE_COLOR$)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
}

function alive(child: Child): void {
  if (child.isDone)
    throw new PointlessWaitError(`${child.name} ended. Its last output:\n${child.tail}`);
}
