import { answer, eventNames, orderId } from './answer.ts';
import type { Answer } from './answer.ts';
import { calls } from './calls.ts';
import type { Call } from './calls.ts';
import type { Checks } from './checks.ts';
import { Lens } from './lens.ts';
import type { Series } from './lens.ts';
import { SERVICES } from './shop.ts';
import type { ServiceName, Shop } from './shop.ts';
import { requireWhole, spanTree } from './span-tree.ts';
import { PointlessWaitError, until } from './until.ts';

/**
 * Time from the last request until all telemetry must have arrived. It is sent at least every two seconds; the
 * rest is for a busy machine.
 */
const ARRIVAL_MS = 20_000;
const LAST_LOOK_MS = 200;

/** RPC methods that the requests of the scenario call. */
const METHODS = {
  orders: ['Orders/PlaceOrder', 'Orders/GetOrder', 'Orders/ListOrders', 'Orders/WatchOrder'],
  users: ['Users/GetUser'],
  inventory: ['Inventory/Reserve', 'Inventory/Release', 'Inventory/Restock', 'Inventory/Sync'],
  payments: ['Payments/Charge'],
} as const;

/** Sends one request of each kind, and then checks the lens's record of them. */
export class Scenario {
  readonly #shop: Shop;
  readonly #lens: Lens;
  readonly #checks: Checks;
  readonly #signal: AbortSignal;
  readonly #answers: Answer[] = [];
  #arrivedBy = 0;

  constructor(shop: Shop, checks: Checks, signal: AbortSignal) {
    this.#shop = shop;
    this.#lens = new Lens(shop.url('lens'));
    this.#checks = checks;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    await this.#requests();
    this.#arrivedBy = performance.now() + ARRIVAL_MS;
    await this.#traces();
    await this.#metrics();
    await this.#health();
    await this.#outage();
  }

  async #requests(): Promise<void> {
    this.#checks.section('Requests, and the status of each');
    const placed = await this.#ask('place an order', calls.place());
    const id = placed === undefined ? 'none' : orderId(placed.body);
    await this.#ask('read it', calls.read(id), ({ body }) => {
      if (orderId(body) !== id) throw new Error(`another order came back: ${body}`);
    });
    await this.#ask('list orders', calls.list(), ({ body }) => {
      if (!body.includes(id)) throw new Error(`the order is not in ${body}`);
    });
    await this.#ask('watch it, server-sent events', calls.watch(id), ({ body }) => {
      const events = eventNames(body);
      if (events.length < 2 || events.at(-1) !== 'shipped') {
        throw new Error(`the events were ${events.join(', ')}`);
      }
    });
    await this.#ask('restock, a client stream', calls.restock(), ({ body }) => {
      if (body !== '{"items":2,"units":18}') throw new Error(body);
    });
    await this.#ask('sync stock, both ways', calls.sync(), ({ body }) => {
      if (!body.includes('"counted":500')) throw new Error(body);
    });
    await this.#ask('read a user', calls.user());
    await this.#ask('a slow call', calls.slow(300), ({ ms }) => {
      if (ms < 300) throw new Error(`answered after ${ms.toFixed(0)} ms`);
    });
    await this.#ask('out of stock', calls.outOfStock());
    await this.#ask('card declined', calls.declined());
    await this.#ask('unknown user', calls.unknownUser());
    await this.#ask('bad body', calls.badBody());
    await this.#ask('crash', calls.crash());
    await this.#ask('no such route', calls.noRoute());
  }

  async #ask(
    name: string,
    call: Call,
    look: (answer: Answer) => void = () => undefined,
  ): Promise<Answer | undefined> {
    let got: Answer | undefined;
    await this.#checks.add(name, async () => {
      const current = await answer(this.#shop.url('gateway'), call);
      if (current.status !== call.status) {
        throw new Error(`${current.status} instead of ${call.status}: ${current.body}`);
      }
      got = current;
      this.#answers.push(current);
      look(current);
      return `${call.method} ${call.path} ${current.status} in ${current.ms.toFixed(0)} ms`;
    });
    return got;
  }

  async #traces(): Promise<void> {
    this.#checks.section('Traces, whole and with their logs');
    const all = [...SERVICES];
    await this.#whole('one trace over five services', calls.place(), all, true);
    await this.#whole('the declined order, stock released', calls.declined(), all);
    await this.#whole('the trace of a stream of events', calls.watch(''), ['gateway', 'orders']);
    await this.#whole('the trace of a client stream', calls.restock(), ['gateway', 'inventory']);
    await this.#whole('the trace of both ways', calls.sync(), ['gateway', 'inventory']);
    await this.#checks.add('the crash is an error with its exception', () =>
      this.#arrives(async () => {
        const trace = await this.#lens.trace(this.#traceId(calls.crash()));
        const orders = trace.spans.filter((span) => span.service === 'orders');
        const failed = orders.filter((span) => span.status.code === 'error');
        if (failed.length === 0) throw new Error('no span of orders is an error');
        const told = failed.flatMap((span) => span.events).some((e) => e.name === 'exception');
        if (!told) throw new Error('no exception event on the spans that failed');
        return `${failed[0]!.name}: ${failed[0]!.status.message || 'error'}`;
      }),
    );
    await this.#checks.add('the logs of that order, on its spans', () =>
      this.#arrives(async () => {
        const traceId = this.#traceId(calls.place());
        const logs = await this.#lens.logs(traceId);
        const spans = new Set((await this.#lens.trace(traceId)).spans.map((span) => span.spanId));
        const said = logs.find((log) => String(log.body).includes('ordered'));
        if (said === undefined) throw new Error(`${logs.length} logs, none of them says "ordered"`);
        if (!spans.has(said.spanId)) throw new Error('the log is on no span of the trace');
        return `${said.service}: ${String(said.body)}`;
      }),
    );
  }

  async #whole(name: string, call: Call, services: string[], print = false): Promise<void> {
    let tree = '';
    await this.#checks.add(name, () =>
      this.#arrives(async () => {
        const trace = await this.#lens.trace(this.#traceId(call));
        requireWhole(trace, services);
        tree = spanTree(trace);
        return `${trace.spans.length} spans, no parent missing`;
      }),
    );
    if (print && tree !== '') console.log(`\n${tree}\n`);
  }

  /** Returns the trace id of the first answer on this route with this status. */
  #traceId({ method, route, status }: Call): string {
    const found = this.#answers.find(
      ({ call }) => call.method === method && call.route === route && call.status === status,
    );
    if (found === undefined) throw new PointlessWaitError('its request failed');
    if (found.traceId === undefined)
      throw new PointlessWaitError('the gateway did not tell the trace id');
    return found.traceId;
  }

  async #metrics(): Promise<void> {
    this.#checks.section('Metrics by route and by method');
    for (const { method, route, status } of new Set(this.#answers.map(({ call }) => call))) {
      const name = `http duration of ${method} ${route || '(no route)'} ${status}`;
      await this.#checks.add(name, () =>
        this.#counted('http.server.request.duration', ({ service, attributes }) => {
          const ours = service === 'gateway' && attributes['http.request.method'] === method;
          const fits = ours && attributes['http.response.status_code'] === status;
          return fits && (attributes['http.route'] ?? '') === route;
        }),
      );
    }
    for (const name of ['shop.orders.placed', 'shop.stock.shortages', 'shop.payments.amount']) {
      await this.#checks.add(`the shop's own ${name}`, () => this.#counted(name, () => true));
    }
    for (const [service, methods] of Object.entries(METHODS)) {
      for (const method of methods) {
        await this.#checks.add(`rpc duration of ${method}`, () =>
          this.#counted(
            'rpc.server.call.duration',
            (series) =>
              series.service === service &&
              String(series.attributes['rpc.method']).endsWith(method),
          ),
        );
      }
    }
  }

  async #counted(metric: string, fits: (series: Series) => boolean): Promise<string> {
    return this.#arrives(async () => {
      const found = (await this.#lens.metric(metric)).filter(fits);
      const count = found.reduce((sum, { points }) => sum + total(points.at(-1)), 0);
      if (count < 1) throw new Error(`no such series of ${metric}`);
      return `${count} in ${metric}`;
    });
  }

  async #health(): Promise<void> {
    this.#checks.section('Health');
    for (const service of SERVICES) {
      await this.#checks.add(`health of ${service}`, async () => {
        const paths = ['/livez', '/readyz', '/startupz', '/healthz'];
        const statuses = await Promise.all(
          paths.map(async (path) => {
            const url = this.#shop.url(service) + path;
            const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
            await response.arrayBuffer();
            return `${path} ${response.status}`;
          }),
        );
        const bad = statuses.filter((status) => !status.endsWith(' 200'));
        if (bad.length > 0) throw new Error(bad.join(', '));
        return statuses.join(', ');
      });
    }
  }

  async #outage(): Promise<void> {
    const { line } = this.#shop;
    if (line === undefined) return;
    this.#checks.section('The lens cannot be reached, and can again');
    await line.down();
    await this.#ask('place an order meanwhile', calls.place());
    const placed = this.#answers.pop();
    await this.#checks.add('orders is degraded, not unready, and keeps telemetry on disk', () =>
      until('it is not so', ARRIVAL_MS, this.#signal, async () => {
        const { status, detail } = await this.#collectorHealth('orders');
        const kept = Number(detail['traces.spooled'] ?? 0);
        if (status !== 'degraded') throw new Error(`orders is ${status}`);
        if (kept === 0) throw new Error('no span is on disk');
        return `${kept} spans on disk; ${String(detail['reason'])}`;
      }),
    );
    await line.up();
    this.#arrivedBy = performance.now() + ARRIVAL_MS;
    await this.#checks.add('the trace of that order arrives whole', () =>
      this.#arrives(async () => {
        const trace = await this.#lens.trace(placed?.traceId ?? 'none');
        requireWhole(trace, [...SERVICES]);
        return `${trace.spans.length} spans, no parent missing`;
      }),
    );
    for (const service of SERVICES) {
      await this.#checks.add(`${service} has nothing on disk any more`, () =>
        this.#arrives(async () => {
          const { status, detail } = await this.#collectorHealth(service);
          const kept = ['traces', 'metrics', 'logs'].map((signal) => detail[`${signal}.spooled`]);
          if (status !== 'ok' || kept.some((count) => count !== undefined)) {
            throw new Error(`${service} is ${status}, on disk are ${kept.join(', ')}`);
          }
          return status;
        }),
      );
    }
  }

  /** Returns the state of readiness, and the result of the indicator of the collector. */
  async #collectorHealth(
    service: ServiceName,
  ): Promise<{ status: string; detail: Record<string, unknown> }> {
    const url = `${this.#shop.url(service)}/readyz`;
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
    const { status, indicators } = (await response.json()) as {
      status: string;
      indicators: { otlp: Record<string, unknown> };
    };
    if (response.status !== 200) throw new Error(`${service} answers ${response.status}`);
    if (!('traces' in indicators.otlp)) throw new Error(`${service} shows no details`);
    return { status, detail: indicators.otlp };
  }

  #arrives<T>(look: () => Promise<T>): Promise<T> {
    const left = Math.max(LAST_LOOK_MS, Math.round(this.#arrivedBy - performance.now()));
    return until('it has not arrived', left, this.#signal, look);
  }
}

/** Returns the count of a histogram, or the value of a counter. */
function total(point: Series['points'][number] | undefined): number {
  return Number(point?.count ?? point?.value ?? 0);
}
