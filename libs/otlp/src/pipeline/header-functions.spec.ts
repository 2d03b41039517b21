import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { createLedger } from '../ledger/ledger.js';
import { HeaderFunctions } from './header-functions.js';

function scene() {
  const clock = new ManualClock();
  const ledger = createLedger();
  const asked: string[] = [];
  function ask(signal: string) {
    return () => {
      asked.push(signal);
      return { signal };
    };
  }
  const functions = { traces: [ask('traces')], logs: [ask('logs')] };
  return {
    clock,
    asked,
    make: () => ledger.writer('main').created('logs', 1),
    headers: new HeaderFunctions(functions, ledger, clock),
  };
}

function flush(headers: HeaderFunctions, kind: 'done' | 'deadline') {
  return headers.during(async () => ({ kind }));
}

describe('the functions for headers', () => {
  it('are called for each question, also after a flush that sent everything', async () => {
    const { asked, clock, headers } = scene();
    expect(await headers.ask('traces')).toEqual({ signal: 'traces' });
    await flush(headers, 'done');
    expect(await headers.ask('logs')).toEqual({ signal: 'logs' });
    expect(await headers.ask('metrics')).toEqual({});
    expect([asked, clock.pending]).toEqual([['traces', 'logs'], 0]);
  });

  it.each<readonly [string, (of: ReturnType<typeof scene>) => unknown]>([
    ['new telemetry is sent', ({ make, headers }) => (make(), headers.ask('logs'))],
    ['the next flush begins', ({ headers }) => flush(headers, 'done')],
    ['the shutdown begins', ({ headers }) => headers.end()],
    ['30 s have passed', ({ clock }) => clock.advance(30_000)],
  ])('are not called after a flush that ended at its deadline, until %s', async (_what, wake) => {
    const all = scene();
    await flush(all.headers, 'deadline');
    const waiting = [all.headers.ask('traces'), all.headers.ask('traces')];
    await all.clock.advance(29_999);
    expect(all.asked).toEqual([]);
    await wake(all);
    expect(await Promise.all(waiting)).toEqual([{ signal: 'traces' }, { signal: 'traces' }]);
    expect(all.asked.filter((signal) => signal === 'traces')).toHaveLength(1);
    expect(all.clock.pending).toBe(0);
  });

  it('are called while another flush runs', async () => {
    const { asked, headers } = scene();
    const longer = Promise.withResolvers<{ kind: 'deadline' }>();
    const going = headers.during(() => longer.promise);
    await flush(headers, 'deadline');
    await headers.ask('traces');
    expect(asked).toEqual(['traces']);
    longer.resolve({ kind: 'deadline' });
    await going;
    void headers.ask('traces');
    await turn();
    expect(asked).toEqual(['traces']);
  });

  it('are called in a shutdown, even after a flush that ends during it', async () => {
    const { asked, clock, headers } = scene();
    const left = Promise.withResolvers<{ kind: 'deadline' }>();
    const going = headers.during(() => left.promise);
    headers.end();
    left.resolve({ kind: 'deadline' });
    await going;
    expect(await headers.ask('traces')).toEqual({ signal: 'traces' });
    expect([asked, clock.pending]).toEqual([['traces'], 0]);
  });

  it('are not called after a flush that failed and one that ended at its deadline', async () => {
    const { asked, headers } = scene();
    const failed = headers.during(() => Promise.reject(new Error('no flush')));
    await expect(failed).rejects.toThrow('no flush');
    await flush(headers, 'deadline');
    void headers.ask('traces');
    await turn();
    expect(asked).toEqual([]);
  });
});
