import type { INestApplication } from '@nestjs/common';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import type { ReceivedMetric } from '@nestlens/testing';
import { metrics } from '@opentelemetry/api';
import { ask, createApp, portOf } from './health-app.js';

const LIMIT = 100;
const SETS = 150;

interface Found {
  readonly points: number;
  readonly sum: number;
}

const foundIn = ({ data }: ReceivedMetric): Found =>
  data.kind === 'sum'
    ? {
        points: data.points.length,
        sum: data.points.reduce((sum, { value }) => sum + Number(value), 0),
      }
    : { points: 0, sum: 0 };

const foundInText = (text: string, name: string): Found => {
  const values = [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))];
  return {
    points: values.length,
    sum: values.reduce((sum, [, value]) => sum + Number(value), 0),
  };
};

describe.each(['nestlens', 'sdk'] as const)('metrics.cardinalityLimit, engine %s', (engine) => {
  useLeakCheck();
  let server: ScriptedOtlpServer;
  let app: INestApplication;

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
    app = await createApp('express', {
      otlp: { engine, protocol: 'http/protobuf', endpoint: server.httpUrl },
      metrics: {
        exporters: ['otlp'],
        intervalMs: 100,
        timeoutMs: 100,
        cardinalityLimit: LIMIT,
        prometheus: true,
        runtime: false,
        views: [{ instrumentName: 'viewed' }],
      },
    });
    await app.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    await app.close();
    await server.close();
  });

  it('holds in every round for counters, observable counters, views and the Prometheus page', async () => {
    const meter = metrics.getMeter('e2e');
    const recorded = meter.createCounter('recorded');
    const viewed = meter.createCounter('viewed');
    const observed = meter.createObservableCounter('observed');
    let rounds = 0;
    const observe: Parameters<typeof observed.addCallback>[0] = (result) => {
      for (let id = 0; id < SETS; id++) result.observe(rounds * 10, { id });
    };
    observed.addCallback(observe);

    for (rounds = 1; rounds <= 4; rounds++) {
      for (let id = 0; id < SETS; id++) {
        recorded.add(1, { id: `${rounds}-${id}` });
        viewed.add(1, { id: `${rounds}-${id}` });
      }
      const sums = { recorded: rounds * SETS, viewed: rounds * SETS, observed: rounds * SETS * 10 };
      const { body } = await ask(portOf(app), '/metrics');
      for (const [name, sum] of Object.entries(sums)) {
        expect([name, foundInText(body, `${name}_total`)]).toEqual([name, { points: LIMIT, sum }]);
        await server.waitForMetrics((all) =>
          all.some((metric) => metric.name === name && foundIn(metric).sum === sum),
        );
      }
    }
    observed.removeCallback(observe);
    const most = Math.max(...server.metrics().map((metric) => foundIn(metric).points));
    expect(most).toBe(LIMIT);
  });
});
