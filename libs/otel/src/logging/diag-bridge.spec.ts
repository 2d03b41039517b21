import { ROOT_CONTEXT, context, diag, trace } from '@opentelemetry/api';
import { loggingErrorHandler } from '@opentelemetry/core';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { DiagBridge } from './diag-bridge.js';
import { SecretMask } from '../secrets/secret-mask.js';

const STREAMS = ['stdout', 'stderr'] as const;

describe('DiagBridge', () => {
  const lines: string[] = [];
  const written = STREAMS.map((stream): unknown => Reflect.get(process[stream], 'write'));
  const clock = { ms: 0 };
  let mask: SecretMask;
  let bridge: DiagBridge;

  beforeEach(() => {
    lines.length = 0;
    clock.ms = 0;
    for (const stream of STREAMS) {
      Reflect.set(process[stream], 'write', (text: string) => lines.push(text) > 0);
    }
    mask = new SecretMask();
    bridge = new DiagBridge({
      settings: { format: 'json', level: 'fatal', emit: true },
      mask,
      now: () => clock.ms,
    });
  });
  afterEach(() => {
    bridge.uninstall();
    STREAMS.forEach((stream, at) => Reflect.set(process[stream], 'write', written[at]));
  });
  const messages = (): unknown[] =>
    lines.map((line) => {
      const said = JSON.parse(line) as Record<string, unknown>;
      expect(said['context']).toBe('OpenTelemetry');
      return `${String(said['level'])} ${String(said['message'])}`;
    });

  it("prints errors and warnings on one line each, even if the app's level is higher", () => {
    bridge.install();
    diag.info('not asked for');
    diag.warn('careful', { a: 1 });
    diag.error('Error: duplicate\n    at somewhere');
    diag.createComponentLogger({ namespace: 'lib' }).error('broken', new TypeError('no\nmore'));
    loggingErrorHandler()(Object.assign(new Error('Bad Request'), { code: 400, data: 'x' }));
    expect(messages()).toEqual([
      'warn careful {"a":1}',
      'error Error: duplicate',
      'error lib broken TypeError: no',
      'error Error: Bad Request (400)',
    ]);
  });

  it('prints no trace id, since a timer may run in the context of any request', () => {
    bridge.install();
    context.setGlobalContextManager(new AsyncContextManager());
    const span = { traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 };
    context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => diag.error('broken'));
    context.disable();
    expect(messages()).toEqual(['error broken']);
    expect(lines.join('')).not.toContain('trace_id');
  });

  it('prints one line a minute for an outage whose message varies', () => {
    bridge.install();
    for (let i = 0; i < 600; i++) {
      clock.ms = i * 100;
      diag.error(`14 UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:${4000 + i} "id ${i}"`);
    }
    diag.error('14 UNAVAILABLE: No connection established. Last error: null');
    expect(lines).toHaveLength(1);
    clock.ms = 60_000;
    diag.error('14 UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:9 "id"');
    expect(messages()[1]).toContain('(and 600 more like it since then)');
  });

  it('prints each debug line at level debug, and nothing at level none', () => {
    bridge.install('debug');
    lines.length = 0;
    diag.debug('same');
    diag.debug('same');
    expect(lines).toHaveLength(2);
    bridge.install('none');
    diag.error('anything');
    expect(lines).toHaveLength(2);
  });

  it('masks known secrets and values that look like secrets', () => {
    mask.add('canary-1234');
    bridge.install();
    diag.error('to https://user:hunter2@collector:4318/v1 failed');
    diag.warn('header', {
      authorization: 'Bearer abc.def',
      'x-api-key': 'k-1',
      plain: 'canary-1234',
    });
    diag.error('query ?access_token=aaa&b=1', new Error('Basic dXNlcjpwYXNz in cause'));
    diag.warn(`as base64 ${Buffer.from('canary-1234').toString('base64')}`);
    const all = lines.join('\n');
    for (const secret of [
      'hunter2',
      'abc.def',
      'k-1',
      'canary',
      'aaa',
      'dXNlcjpwYXNz',
      'Y2FuYXJ5',
    ]) {
      expect(all).not.toContain(secret);
    }
    expect(all).toContain('https://***@collector:4318/v1 failed');
    expect(all).toContain('b=1');
  });

  it('does not throw if the output fails', () => {
    bridge.install();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    Reflect.set(process.stdout, 'write', () => {
      throw new Error('EPIPE');
    });
    expect(() => diag.warn('x', circular)).not.toThrow();
  });
});
