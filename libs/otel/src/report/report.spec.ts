import { resolveConfig } from '../options/resolve.js';
import type { EngineStatus } from '../engine/engine.js';
import { signalStatus } from '../engine/fixtures/signal-status.js';
import { Inventory } from './inventory.js';
import { shutdownReport } from './shutdown-report.js';
import { startupReport } from './startup-report.js';

const destination = { signal: 'traces', protocol: 'grpc', url: 'https://collector:4317' } as const;

describe('startupReport', () => {
  it('lists destinations, instrumented parts and omitted parts', () => {
    const inventory = new Inventory();
    inventory.leftOut('grpc client', 'no ClientGrpc found');
    inventory.instrumented('http server', 'express');
    inventory.leftOut('http server', 'too late to be true');
    const config = resolveConfig(
      {
        service: { name: 'orders' },
        otlp: { endpoint: 'https://user:canary@collector:4317' },
        traces: { sampler: 'parentbased_traceidratio', ratio: 0.25 },
        metrics: { exporters: ['none'] },
        logs: { exporters: ['console'] },
      },
      { OTEL_BSP_SCHEDULE_DELAY: 'soon' },
    );
    const report = startupReport(config, { name: 'sdk', destinations: [destination] }, inventory);
    expect(report.split('\n')).toEqual([
      'Telemetry is on (engine sdk)',
      '  service        orders',
      '  traces         grpc https://collector:4317',
      '  metrics        off',
      '  logs           console',
      '  sampler        parentbased_traceidratio 0.25',
      '  context        tracecontext, baggage',
      '  - grpc client  no ClientGrpc found',
      '  + http server  express',
      expect.stringMatching(/^ {2}! warning {6}OTEL_BSP_SCHEDULE_DELAY="soon"/),
    ]);
    expect(report).not.toMatch(/canary/);
  });

  it('has only the reason and the propagators if telemetry is disabled', () => {
    const inventory = new Inventory();
    inventory.instrumented('http server', 'express');
    const config = resolveConfig({}, { OTEL_SDK_DISABLED: 'true' });
    expect(startupReport(config, { name: 'sdk', destinations: [] }, inventory).split('\n')).toEqual(
      ['Telemetry is disabled by OTEL_SDK_DISABLED', '  context  tracecontext, baggage'],
    );
  });
});

describe('shutdownReport', () => {
  it('has the counts of each signal in words and in JSON', () => {
    const engine: EngineStatus = {
      traces: signalStatus({ accepted: 7, dropped: { queue_full: 2 } }),
      metrics: signalStatus({ accepted: 3, rejected: 1 }),
      logs: signalStatus({ queued: 4 }),
    };
    const line = shutdownReport('orders', engine);
    expect(line).toMatch(
      /^Telemetry at exit: traces 7 accepted, 2 dropped \(queue_full\); metrics 3 accepted, 1 rejected; logs 0 accepted, 4 not settled\. /,
    );
    expect(JSON.parse(line.slice(line.indexOf('{')))).toEqual({
      'nestlens.shutdown': {
        service: 'orders',
        traces: {
          accepted: 7,
          rejected: 0,
          dropped: { queue_full: 2 },
          queued: 0,
          spooled: 0,
          possibleDuplicates: 0,
        },
        metrics: {
          accepted: 3,
          rejected: 1,
          dropped: {},
          queued: 0,
          spooled: 0,
          possibleDuplicates: 0,
        },
        logs: {
          accepted: 0,
          rejected: 0,
          dropped: {},
          queued: 4,
          spooled: 0,
          possibleDuplicates: 0,
        },
      },
    });
  });
});
