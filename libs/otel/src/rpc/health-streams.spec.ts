import { jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { HealthStreams } from './health-streams.js';

/** What grpc-js hands to Watch, with a reader that can be slow. */
class Call extends EventEmitter {
  readonly cancelled = false;
  readonly written: number[] = [];
  takes = true;

  constructor() {
    super();
    this.on('error', ({ code }: { code: number }) => this.written.push(-code));
  }

  write(status: number): boolean {
    this.written.push(status);
    return this.takes;
  }
}

const SERVING = 1;
const NOT_SERVING = 2;

describe('the streams of Watch', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('ask one question once in a round, for all of its streams, while there is one', async () => {
    const streams = new HealthStreams(1000);
    let asked = 0;
    const question = (): boolean => (asked += 1) % 2 === 1;
    const calls = [new Call(), new Call()];
    streams.watch(calls[0]!, question);
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toBe(1);
    calls[0]!.emit('cancelled');
    expect(jest.getTimerCount()).toBe(0);
    asked = 0;
    for (const call of calls) streams.watch(call, question);
    await jest.advanceTimersByTimeAsync(0);
    asked = 1;
    await jest.advanceTimersByTimeAsync(1000);
    expect(asked).toBe(2);
    for (const call of calls) call.emit('cancelled');
    await jest.advanceTimersByTimeAsync(5000);
    expect([asked, jest.getTimerCount()]).toEqual([2, 0]);
  });

  it('do not begin a round by the timer while one waits', async () => {
    const streams = new HealthStreams(1000);
    let asked = 0;
    const call = new Call();
    streams.watch(call, () => {
      asked += 1;
      return asked === 1 ? true : new Promise<boolean>(() => undefined);
    });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(asked).toBe(2);
    streams.end();
  });

  it('take the answer of the later round, whichever comes first', async () => {
    const streams = new HealthStreams(1_000_000);
    const slow = Promise.withResolvers<boolean>();
    const answers: (boolean | Promise<boolean>)[] = [true, slow.promise, false];
    const call = new Call();
    streams.watch(call, () => answers.shift()!);
    await jest.advanceTimersByTimeAsync(0);
    const rounds = [streams.refresh(), streams.refresh()];
    await rounds[1];
    slow.resolve(true);
    await Promise.all(rounds);
    expect(call.written).toEqual([SERVING, NOT_SERVING]);
    streams.end();
  });

  it('keep one status, the newest, for a reader that is slow', async () => {
    const streams = new HealthStreams(1_000_000);
    let serves = true;
    const call = new Call();
    call.takes = false;
    streams.watch(call, () => serves);
    await jest.advanceTimersByTimeAsync(0);
    for (const next of [false, true, false]) {
      serves = next;
      await streams.refresh();
    }
    expect(call.written).toEqual([SERVING]);
    call.emit('drain');
    expect(call.written).toEqual([SERVING, NOT_SERVING]);
    serves = true;
    await streams.refresh();
    serves = false;
    await streams.refresh();
    call.emit('drain');
    // Back to what was sent: nothing to tell.
    expect(call.written).toEqual([SERVING, NOT_SERVING]);
    streams.end();
  });

  it('end with UNAVAILABLE, the later ones too', async () => {
    const streams = new HealthStreams(1000);
    const calls = [new Call(), new Call(), new Call()];
    streams.watch(calls[0]!, undefined);
    streams.watch(calls[1]!, () => true);
    streams.end();
    streams.watch(calls[2]!, () => true);
    await jest.advanceTimersByTimeAsync(5000);
    expect(calls.map(({ written }) => written)).toEqual([[3, -14], [-14], [-14]]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
