import { ManualClock } from '@nestlens/testing';
import type { Signal } from '@nestlens/otlp';
import type { EngineStatus, SignalStatus } from '../engine/engine.js';
import { signalStatus } from '../engine/fixtures/signal-status.js';
import { otlpIndicator } from '../health/otlp-indicator.js';
import { resolveConfig } from '../options/resolve.js';
import { likelyCause } from './likely-cause.js';
import { SelfCheck } from './self-check.js';

const NOTHING = signalStatus();

const setUp = (signals: readonly Signal[] = ['traces']) => {
  const clock = new ManualClock();
  const made = { traces: 0, metrics: 0, logs: 0 };
  const status: Record<Signal, SignalStatus> = { traces: NOTHING, metrics: NOTHING, logs: NOTHING };
  const warnings: string[] = [];
  const patience = { arrivalMs: 10_000, answerMs: 30_000 };
  const check = new SelfCheck({
    made,
    status: (): EngineStatus => ({ ...status }),
    patience: Object.fromEntries(signals.map((signal) => [signal, patience])),
    causeOf: (signal) => `See about ${signal}.`,
    warn: (line) => warnings.push(line),
    clock,
  });
  return { clock, made, status, warnings, check };
};

describe('SelfCheck', () => {
  it('does not warn if the app made no telemetry', async () => {
    const { clock, warnings, check } = setUp();
    await clock.advance(3_600_000);
    expect(warnings).toEqual([]);
    expect(check.silence('traces')).toBeUndefined();
  });

  it('warns once if spans never reach the engine', async () => {
    const { clock, made, warnings, check } = setUp();
    made.traces = 3;
    await clock.advance(10_000);
    expect(warnings).toEqual([]);
    await clock.advance(3_600_000);
    expect(warnings).toEqual([
      'traces are silent: 3 spans were made and none came to the export engine. See about traces.',
    ]);
    expect(check.silence('traces')).toBe(warnings[0]);
  });

  it('warns if items wait in the engine and no export ends', async () => {
    const { clock, made, status, warnings } = setUp(['logs']);
    made.logs = 1;
    status.logs = { ...NOTHING, queued: 7 };
    await clock.advance(3_600_000);
    expect(warnings).toEqual([
      'logs are silent: 7 log records wait in the export engine and no export has ended. See about logs.',
    ]);
  });

  it('reports the end of the silence, and stops checking', async () => {
    const { clock, made, status, warnings, check } = setUp();
    made.traces = 1;
    await clock.advance(60_000);
    expect(warnings).toHaveLength(1);
    status.traces = { ...NOTHING, accepted: 1, last: { outcome: 'accepted', at: 1 } };
    await clock.advance(60_000);
    expect(warnings[1]).toBe('traces: an export has ended after all; see /readyz for its outcome');
    expect(check.silence('traces')).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('does not warn of failed exports, which the engine reports itself', async () => {
    const { clock, made, status, warnings, check } = setUp();
    made.traces = 1;
    status.traces = { ...NOTHING, queued: 1, last: { outcome: 'failed', at: 1, reason: 'away' } };
    await clock.advance(3_600_000);
    expect(warnings).toEqual([]);
    expect(check.silence('traces')).toBeUndefined();
  });

  it('does not warn of items that were dropped', async () => {
    const { clock, made, status, warnings } = setUp();
    made.traces = 5;
    status.traces = { ...NOTHING, dropped: { queue_full: 5 } };
    await clock.advance(3_600_000);
    expect(warnings).toEqual([]);
  });

  it('sets no timer after stop()', () => {
    const { clock, check } = setUp();
    check.stop();
    check.stop();
    expect(clock.pending).toBe(0);
  });

  it('makes readiness degraded, with the reason', async () => {
    const { clock, made, check } = setUp();
    made.traces = 3;
    await clock.advance(60_000);
    const engine = {
      destinations: [{ signal: 'traces' as const, protocol: 'grpc' as const, url: 'unix:///none' }],
      status: (): EngineStatus => ({ traces: NOTHING, metrics: NOTHING, logs: NOTHING }),
    };
    const indicator = otlpIndicator(engine, { silence: (signal) => check.silence(signal) });
    const { state, detail } = await indicator.check(new AbortController().signal);
    expect(state).toBe('degraded');
    expect(String(detail?.['reason'])).toContain('none came to the export engine');
  });
});

describe('likelyCause', () => {
  it('names the destination of a signal whose items wait', () => {
    const held = { kind: 'held', items: 7 } as const;
    expect(likelyCause(resolveConfig({}, {}), 'logs', held, 'http://collector:4318/v1/logs')).toBe(
      'They go to http://collector:4318/v1/logs. The export worker may not have started or hangs: ' +
        "try otlp.worker: false. diagnostics.level: 'debug' prints what the engine does.",
    );
  });
});
