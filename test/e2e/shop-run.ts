import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { ScriptedOtlpServer, expectSpanTree } from '@nestlens/testing';
import type { ExpectedSpan, ReceivedLogRecord, ReceivedSpan } from '@nestlens/testing';
import { Client } from 'pg';
import { answer } from '../../tools/demo/answer.ts';
import type { Answer } from '../../tools/demo/answer.ts';
import { build } from '../../tools/demo/build.ts';
import type { Call } from '../../tools/demo/calls.ts';
import type { Exit } from '../../tools/demo/child.ts';
import { ROOT, SERVICES, Shop } from '../../tools/demo/shop.ts';
import type { ServiceName } from '../../tools/demo/shop.ts';
import { balance, parseSent } from '../../tools/demo/shutdown-report.ts';
import type { Balance, Sent } from '../../tools/demo/shutdown-report.ts';
import type { Said } from './shop-logs.js';
import { countOf } from './shop-spans.js';

/** SpanKind SERVER of OTLP. */
const SERVER = 2;
const ARRIVAL_MS = 20_000;
const only = <T>(found: readonly T[], what: string): T => {
  const [first] = found;
  assert.ok(first !== undefined && found.length === 1, `${found.length} ${what}, not one`);
  return first;
};

const PRELOAD = new URL('incoming-baggage.mjs', import.meta.url).href;

/** The shop as processes, with the telemetry and the output of each. */
export class ShopRun {
  readonly server: ScriptedOtlpServer;
  readonly shop: Shop;
  readonly lines = new Map<ServiceName, string[]>();
  /** Expected trees by trace id. They are compared again once everything has arrived. */
  readonly #expected = new Map<string, ExpectedSpan>();
  readonly #exits = new Map<ServiceName, Exit>();

  private constructor(server: ScriptedOtlpServer, shop: Shop) {
    this.server = server;
    this.shop = shop;
  }

  static async start(): Promise<ShopRun> {
    const server = await ScriptedOtlpServer.start();
    const shop = await Shop.plan({
      collector: server.grpcUrl,
      preload: [PRELOAD],
      logs: join(ROOT, '.nestlens', 'e2e'),
    });
    const run = new ShopRun(server, shop);
    const { signal } = new AbortController();
    try {
      await build(ROOT, signal, () => undefined);
      await shop.startDatabase();
      const ready = shop.startServices(signal);
      for (const [name, child] of shop.services) {
        const lines: string[] = [];
        run.lines.set(name, lines);
        child.onLine((line) => lines.push(line));
      }
      await ready;
    } catch (error) {
      await run.close();
      throw error;
    }
    return run;
  }

  ask(call: Call): Promise<Answer> {
    return answer(this.shop.url('gateway'), call);
  }

  /** Sends a request, and waits until its trace is the expected tree. */
  async trace(call: Call, expected: ExpectedSpan): Promise<Answer> {
    const got = await this.ask(call);
    assert.equal(got.status, call.status, got.body);
    await this.expectTrace(got.traceId, expected);
    return got;
  }

  async expectTrace(traceId = '', expected: ExpectedSpan): Promise<ReceivedSpan[]> {
    const ofTrace = (all: readonly ReceivedSpan[]): ReceivedSpan[] =>
      all.filter((span) => span.traceId === traceId);
    const count = countOf(expected);
    this.#expected.set(traceId, expected);
    // If some spans never arrive, the tree shows which.
    await this.server
      .waitForSpans((all) => ofTrace(all).length >= count, { timeoutMs: ARRIVAL_MS })
      .catch(() => undefined);
    const spans = ofTrace(this.server.spans());
    expectSpanTree(spans, expected);
    return spans;
  }

  /** Checks that no span arrived twice, late or in addition. */
  expectTracesAgain(): void {
    assert.notEqual(this.#expected.size, 0);
    const byTrace = Map.groupBy(this.server.spans(), (span) => span.traceId);
    for (const [traceId, expected] of this.#expected) {
      expectSpanTree(byTrace.get(traceId) ?? [], expected);
    }
  }

  /** Waits for the one log record of a service in a trace. */
  async log(traceId: string | undefined, service: ServiceName): Promise<ReceivedLogRecord> {
    const fits = (record: ReceivedLogRecord): boolean =>
      record.traceId === traceId && record.resource.attributes['service.name'] === service;
    const records = await this.server.waitForLogRecords((all) => all.some(fits), {
      timeoutMs: ARRIVAL_MS,
    });
    return only(records.filter(fits), `log records of ${service}`);
  }

  /** Returns the one span of a service in a trace with this name and OTLP kind. */
  spanOf(
    traceId: string | undefined,
    service: ServiceName,
    name: string,
    kind: number,
  ): ReceivedSpan {
    const found = this.server
      .spans()
      .filter((span) => span.traceId === traceId && span.name === name && span.kind === kind)
      .filter((span) => span.resource.attributes['service.name'] === service);
    return only(found, `spans ${name} of ${service}`);
  }

  /** Checks that the line came in this trace, on its span. */
  async expectLog(traceId: string | undefined, said: Said): Promise<void> {
    const { body, severityNumber, severityText, spanId } = await this.log(traceId, said.service);
    assert.match(typeof body === 'string' ? body : '', said.body);
    assert.deepEqual([severityNumber, severityText], said.severity);
    assert.equal(spanId, this.spanOf(traceId, said.service, said.span, SERVER).spanId);
  }

  /** Keeps an order placed, so that a watch of it does not end by itself. */
  async hold(orderId: string): Promise<void> {
    const client = new Client({ connectionString: this.shop.databaseUrl('orders') });
    await client.connect();
    const sql = `update orders set created_at = now() + interval '1 hour' where id = $1`;
    await client.query(sql, [orderId]);
    await client.end();
  }

  /** Requests a stream and disconnects at its first event. @returns the trace id */
  async leave(path: string): Promise<string> {
    const headers = { 'user-agent': 'test' };
    const asked = request(this.shop.url('gateway') + path, { agent: false, headers }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    // Nest sends an empty line as soon as the stream is open. One listener gets all chunks, because two may
    // come in one turn.
    await new Promise<void>((resolve) => {
      let seen = '';
      response.on('data', (chunk) => (seen += String(chunk)).includes('event: ') && resolve());
    });
    const gone = once(response, 'close');
    response.on('error', () => undefined);
    response.destroy();
    await gone;
    return String(response.headers['x-trace-id']);
  }

  /** Stops the services in order, callers first. */
  async stop(): Promise<ReadonlyMap<ServiceName, Exit>> {
    await this.shop.stopServices((name, exit) => this.#exits.set(name, exit));
    return this.#exits;
  }

  /** Compares the counts in each service's output with the items that arrived. */
  balances(): Balance[] {
    return SERVICES.flatMap((service) => {
      const reports = (this.lines.get(service) ?? []).flatMap((line): Sent[] => {
        const sent = parseSent(line);
        return sent === undefined ? [] : [sent];
      });
      const own = ({ resource }: Pick<ReceivedSpan, 'resource'>): boolean =>
        resource.attributes['service.name'] === service;
      return balance(service, only(reports, `reports of ${service}`), {
        traces: this.server.spans().filter(own).length,
        logs: this.server.logRecords().filter(own).length,
        metrics: this.server
          .metrics()
          .filter(own)
          .reduce((sum, metric) => sum + metric.data.points.length, 0),
      });
    });
  }

  /** Safe to call after a stop, and after a start that failed. */
  async close(): Promise<void> {
    await this.stop();
    await this.shop.stopRest();
    await this.server.close();
  }
}
