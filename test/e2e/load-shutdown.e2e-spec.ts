import { Agent } from 'node:http';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { ask } from './health-app.js';
import { WorkService } from './work-service.js';

const CLIENTS = 40;
/** Requests that each client sends before the signal, and after it was told to close. */
const BEFORE = 5;
const AFTER = 3;
/** This is long enough for the last requests of the clients on a busy machine. */
const DRAIN_MS = 3000;

/** The results of all clients. */
interface Met {
  answered: number;
  readonly failures: unknown[];
}

/**
 * Sends requests on one connection, like a client of a load balancer. After it is told that the connection
 * closes, it sends some more on new connections, because a balancer notices late. Then it stops.
 */
async function client(port: number, first: number, met: Met, warm: () => void): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let left = AFTER;
  for (let turn = 0; left > 0; turn += 1) {
    try {
      const { status, body, headers } = await ask(port, `/jobs/${first + turn}`, { agent });
      if (status === 200 && body === 'done') met.answered += 1;
      else met.failures.push([status, body]);
      if (headers.connection !== 'keep-alive') left -= 1;
    } catch (error) {
      met.failures.push(error);
      break;
    }
    if (turn + 1 === BEFORE) warm();
  }
  agent.destroy();
}

/** Sends requests until nobody listens. @returns the statuses, and the error that ended them */
async function probe(port: number, path: string): Promise<{ statuses: number[]; end: string }> {
  const statuses: number[] = [];
  for (;;) {
    try {
      statuses.push((await ask(port, path)).status);
    } catch (error) {
      return { statuses, end: (error as NodeJS.ErrnoException).code ?? String(error) };
    }
  }
}

describe('SIGTERM under load', () => {
  useLeakCheck({ timeoutMs: 10_000 });

  it.each([1, 2, 3])(
    'fails no request, loses no span, and /livez keeps answering (run %i)',
    async (turn) => {
      await using server = await ScriptedOtlpServer.start();
      await using service = await WorkService.start(`load-${turn}`, {
        service: { name: 'work' },
        otlp: { protocol: 'grpc', endpoint: server.grpcUrl },
        shutdown: { drainMs: DRAIN_MS },
      });
      const { port } = service;
      const met: Met = { answered: 0, failures: [] };
      const warm = Promise.withResolvers<void>();
      let waiting = CLIENTS;
      const clients = Array.from({ length: CLIENTS }, (_, index) =>
        client(port, index * 1000, met, () => (waiting -= 1) === 0 && warm.resolve()),
      );
      await warm.promise;
      const [live, ready] = [probe(port, '/livez'), probe(port, '/readyz')];
      const exit = await service.stop();
      await Promise.all(clients);

      expect(met.failures).toEqual([]);
      expect(exit).toEqual({ code: null, signal: 'SIGTERM', forced: false });
      for (const { end } of [await live, await ready]) expect(end).toMatch(/ECONN(REFUSED|RESET)/);
      const alive = (await live).statuses;
      expect(alive.length).toBeGreaterThan(0);
      expect(alive.filter((status) => status !== 200)).toEqual([]);
      const states = (await ready).statuses.join(' ');
      expect(states).toMatch(/^(200 )*503( 503)*$/);

      const work = server.spans().filter(({ name }) => name === 'GET /jobs/:id');
      expect(work).toHaveLength(met.answered);
      expect(new Set(work.map(({ attributes }) => attributes['url.path'])).size).toBe(met.answered);
      const rest = server.spans().filter((span) => !work.includes(span));
      expect(rest.map(({ name }) => name)).toEqual(['nestjs.shutdown']);
      expect(service.sent?.traces).toEqual({
        accepted: met.answered + 1,
        rejected: 0,
        dropped: {},
        queued: 0,
        spooled: 0,
        possibleDuplicates: 0,
      });
    },
  );
});
