import { runPhase } from './phase-run.js';
import type { NamedHandler } from './shutdown-phases.js';

const handler = (name: string, run: NamedHandler['run']): NamedHandler => ({ name, run });

describe('runPhase', () => {
  it('is done at once without handlers', async () => {
    await expect(runPhase('drain', [], 1000)).resolves.toMatchObject({ outcome: 'done', left: [] });
  });

  it('runs the handlers of a step together, and the steps one after the other', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    await runPhase(
      'flush',
      [
        [
          handler('a', () => gate.promise.then(() => order.push('a'))),
          handler('b', () => {
            order.push('b');
            gate.resolve();
          }),
        ],
        [handler('c', () => order.push('c'))],
      ],
      1000,
    );
    expect(order).toEqual(['b', 'a', 'c']);
  });

  it('continues at the deadline, names the handler that hangs, and still starts the later steps', async () => {
    const seen: boolean[] = [];
    const report = await runPhase(
      'flush',
      [
        [handler('hangs', () => new Promise(() => {}))],
        [handler('next', (signal) => seen.push(signal.aborted))],
      ],
      30,
    );
    expect(report).toMatchObject({
      outcome: 'overran',
      left: ['hangs did not end'],
      ms: expect.any(Number) as number,
    });
    expect(seen).toEqual([false]);
  });

  it('lists the rest that a handler returns when its signal aborts, and does not say that it hangs', async () => {
    const obeys = handler('queue', (signal) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      signal.addEventListener('abort', () => resolve('3 jobs'));
      return promise;
    });
    await expect(runPhase('in-flight', [[obeys]], 5)).resolves.toMatchObject({
      outcome: 'overran',
      left: ['queue: 3 jobs'],
    });
  });

  it('reports exceptions with masked credentials, and ignores rejections after the deadline', async () => {
    const late = Promise.withResolvers<void>();
    const report = await runPhase(
      'exit',
      [
        [
          handler('throws', () => {
            throw new Error('password=x');
          }),
          handler('late', () => late.promise),
        ],
      ],
      5,
    );
    late.reject(new Error('nobody listens'));
    await new Promise(setImmediate);
    expect(report).toMatchObject({
      outcome: 'overran',
      left: ['throws failed: password=***', 'late did not end'],
    });
  });
});
